import type { Level } from 'pino';
import type { UnmogrowpError } from '../errors.ts';
import { type Logger, createLogger } from './logger.ts';
import { type LokiAddress, openLoki } from './loki.ts';
import { type CreatedMetrics, createMetrics } from './metrics.ts';
import type { MetricDeclaration } from './registry/declare.ts';
import { type Tracing, startTracing } from './tracing.ts';

export interface TelemetryOptions<D> {
  /** The process: ingest, sink or worker. */
  service: string;
  environment: string;
  level: Level | 'silent';
  endpoint: string | undefined;
  sampleRatio: number;
  /** Takes a copy of the log; undefined for none. */
  loki: LokiAddress | undefined;
  declarations: D;
}

export interface Telemetry<D extends Readonly<Record<string, MetricDeclaration>>> extends CreatedMetrics<D> {
  readonly logger: Logger;
  readonly tracing: Pick<Tracing, 'spanProcessor' | 'resource' | 'beginSpan'>;
  /** Counts an error by its code and logs it. */
  readonly onError: (error: UnmogrowpError) => void;
  /** Sends what is left of spans and log lines. Never rejects, and takes seconds at most. */
  readonly stop: () => Promise<void>;
}

/** Logs, metrics and traces of one process, wired to each other. */
export function startTelemetry<const D extends Readonly<Record<string, MetricDeclaration>>>(
  options: TelemetryOptions<D>,
): Telemetry<D> {
  const { declarations, service, environment, level, endpoint, sampleRatio, loki } = options;
  const created = createMetrics(declarations);
  const { errors, exportedSpans, logLines } = created.metrics as CreatedMetrics<Record<never, never>>['metrics'];
  const copy = loki === undefined ? undefined : openLoki(loki, (outcome, lines) => logLines.inc({ outcome }, lines));
  const logger = createLogger({ service, environment, level, ...(copy === undefined ? {} : { copy }) });
  const tracing = startTracing({
    service,
    environment,
    endpoint,
    sampleRatio,
    onExport: (outcome, spans) => exportedSpans.inc({ outcome }, spans),
  });
  const onError = (error: UnmogrowpError): void => {
    errors.inc({ code: error.code });
    logger.error({ code: error.code, error: error.message, context: error.context }, 'failed');
  };
  const stop = async (): Promise<void> => {
    await Promise.all([tracing.shutdown(), copy?.close()]);
  };
  return { ...created, logger, tracing, onError, stop };
}
