import { trace, isSpanContextValid } from '@opentelemetry/api';
import pino, { type DestinationStream, type Level, type Logger } from 'pino';
import { redactFields, redactSecrets } from './redact.ts';

export interface LoggerOptions {
  /** The process: ingest, sink or worker. */
  service: string;
  level: Level | 'silent';
  environment: string;
}

/**
 * Makes the logger of one process: JSON on standard output, each line with the trace and span that it was written in.
 * What could identify a person is taken out, at any depth.
 */
export function createLogger(options: LoggerOptions, destination?: DestinationStream): Logger {
  const { service, level, environment } = options;
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
    destination ?? pino.destination({ dest: 1, sync: true }),
  );
}

function currentSpan(): Record<string, string> {
  const span = trace.getActiveSpan()?.spanContext();
  if (span === undefined || !isSpanContextValid(span)) return {};
  return { trace_id: span.traceId, span_id: span.spanId };
}
