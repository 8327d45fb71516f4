import type { Level, Logger } from 'pino';
import type { UnmogrowpError } from '../errors.ts';
import { createLogger } from './logger.ts';
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
  declarations: D;
}

export interface Telemetry<D extends Readonly<Record<string, MetricDeclaration>>> extends CreatedMetrics<D> {
  readonly logger: Logger;
  readonly tracing: Tracing;
  /** Counts an error by its code and logs it. */
  readonly onError: (error: UnmogrowpError) => void;
}

/** Logs, metrics and traces of one process, wired to each other. */
export function startTelemetry<const D extends Readonly<Record<string, MetricDeclaration>>>(
  options: TelemetryOptions<D>,
): Telemetry<D> {
  const { declarations, service, environment, level, endpoint, sampleRatio } = options;
  const created = createMetrics(declarations);
  const { errors, exportedSpans } = created.metrics as CreatedMetrics<Record<never, never>>['metrics'];
  const logger = createLogger({ service, environment, level });
  const tracing = startTracing({
    service,
    environment,
    endpoint,
    sampleRatio,
    onExport: (outcome, spans) => exportedSpans.inc({ outcome }, spans),
  });
  const onError = (error: UnmogrowpError): void => {
    errors.inc({ code: error.code });
    logger.error({ code: error.code, error: error.message, ...error.context }, 'failed');
  };
  return { ...created, logger, tracing, onError };
}
