import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import type { Logger } from '../otel/logger.ts';
import { LOOPBACK } from './temporal-metrics.ts';
import { logTemporal } from './temporal-log.ts';

/** Fine enough for an alert on 200 ms, wide enough for runs of an hour; the SDK's own end at a minute. */
const SECONDS = [0.01, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3_600];

/**
 * Sets up Temporal's SDK, once for the process and before any connection: its metrics in the units that Prometheus
 * expects, its logs in ours, and no handlers of signals, which are the process's own business. Gives where its metrics are.
 */
export async function installTemporalRuntime(
  /** 0 for any. */
  port: number,
  logger: Logger,
): Promise<{ metricsPort: number }> {
  const metricsPort = port === 0 ? await freePort() : port;
  Runtime.install({
    shutdownSignals: [],
    logger: new DefaultLogger('INFO', (entry) => logTemporal(logger, entry)),
    telemetryOptions: {
      logging: { forward: {}, filter: { core: 'WARN', other: 'ERROR' } },
      metrics: {
        prometheus: {
          // The worker puts this page on its own.
          bindAddress: `${LOOPBACK}:${metricsPort}`,
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
  return { metricsPort };
}

/** The SDK does not say which port it got: it has to be told one. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, LOOPBACK);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
