import { trace, isSpanContextValid } from '@opentelemetry/api';
import pino, { type DestinationStream, type Level } from 'pino';
import type { LogField } from './registry/log-fields.ts';
import { redactFields, redactSecrets } from './redact.ts';

export interface LoggerOptions {
  /** The process: ingest, sink or worker. */
  service: string;
  level: Level | 'silent';
  environment: string;
  /** Takes every line besides standard output. */
  copy?: DestinationStream;
}

/** What a line may say: fields that are declared, and no other. */
export type LogFields = Readonly<Partial<Record<LogField, unknown>>>;

type WriteLine = (fields: LogFields, message: string) => void;

/** The log of one process. */
export interface Logger extends Readonly<Record<'trace' | 'debug' | 'info' | 'warn' | 'error', WriteLine>> {
  isLevelEnabled(level: Level): boolean;
}

/**
 * Makes the logger of one process: JSON on standard output, each line with the trace and span that it was written in.
 * What could identify a person is taken out, at any depth.
 */
export function createLogger(options: LoggerOptions, destination?: DestinationStream): Logger {
  const { service, level, environment, copy } = options;
  const output = destination ?? pino.destination({ dest: 1, sync: true });
  // The logger itself knows which lines are written: both take them all.
  const both = [output, copy].flatMap((stream) => (stream === undefined ? [] : [{ stream, level: 'trace' as const }]));
  return pino(
    {
      level,
      base: { service, environment },
      mixin: currentSpan,
      timestamp: pino.stdTimeFunctions.isoTime,
      // Errors are plain values already when they come here.
      serializers: { err: (error: unknown) => error },
      formatters: { level: (label) => ({ level: label }), log: redactFields },
      hooks: { streamWrite: redactSecrets },
    },
    copy === undefined ? output : pino.multistream(both),
  );
}

function currentSpan(): Record<string, string> {
  const span = trace.getActiveSpan()?.spanContext();
  if (span === undefined || !isSpanContextValid(span)) return {};
  return { trace_id: span.traceId, span_id: span.spanId };
}
