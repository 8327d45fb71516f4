import { DefaultLogger, Runtime } from '@temporalio/worker';
import type { Logger } from 'pino';
import type { Env } from '../env.ts';
import { logTemporal } from './temporal-log.ts';

/** Fine enough for an alert on 200 ms, wide enough for runs of an hour; the SDK's own end at a minute. */
const SECONDS = [0.01, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3_600];

/**
 * Sets up Temporal's SDK, once for the process and before any connection: its metrics in the units that Prometheus
 * expects, its logs in ours, and no handlers of signals, which are the process's own business.
 */
export function installTemporalRuntime(env: Env, logger: Logger): void {
  Runtime.install({
    shutdownSignals: [],
    logger: new DefaultLogger('INFO', (entry) => logTemporal(logger, entry)),
    telemetryOptions: {
      logging: { forward: {}, filter: { core: 'WARN', other: 'ERROR' } },
      metrics: {
        prometheus: {
          bindAddress: `${env.METRICS_HOST}:${env.WORKER_TEMPORAL_METRICS_PORT}`,
          countersTotalSuffix: true,
          unitSuffix: true,
          useSecondsForDurations: true,
          histogramBucketOverrides: {
            temporal_workflow_task_schedule_to_start_latency: SECONDS,
            temporal_activity_schedule_to_start_latency: SECONDS,
            temporal_workflow_task_execution_latency: SECONDS,
            temporal_activity_execution_latency: SECONDS,
            temporal_activity_succeed_endtoend_latency: SECONDS,
            temporal_request_latency: SECONDS,
          },
        },
      },
    },
  });
}
