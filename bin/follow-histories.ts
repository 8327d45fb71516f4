import { NoopSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { OpenTelemetryPlugin } from '@temporalio/interceptors-opentelemetry-v2';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import type { WindowClient } from '../activities/client.ts';
import { loadWorkflowBundle } from './workflow-bundle.ts';

/** What came of following one history. */
export interface Followed {
  workflowId: string;
  runId: string;
  /** Why this version would stand still there; null when it would go on. */
  refusal: string | null;
}

/**
 * Lets the workflows of this program live through what is under way, the newest first, as a worker would that takes them
 * over. Nothing is decided by it: histories are only read.
 */
export async function* followHistories(client: WindowClient, limit: number): AsyncGenerator<Followed> {
  Runtime.install({
    shutdownSignals: [],
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { forward: {}, filter: { core: 'ERROR', other: 'ERROR' } } },
  });
  const plugin = new OpenTelemetryPlugin({
    resource: resourceFromAttributes({}),
    spanProcessor: new NoopSpanProcessor(),
  });
  const workflowBundle = await loadWorkflowBundle(plugin);
  const results = Worker.runReplayHistories({ workflowBundle, plugins: [plugin] }, underWay(client, limit));
  for await (const { workflowId, runId, error } of results) {
    yield { workflowId, runId, refusal: error === undefined ? null : error.message };
  }
}

async function* underWay({ temporal, taskQueue }: WindowClient, limit: number) {
  let read = 0;
  const query = `TaskQueue = '${taskQueue}' AND ExecutionStatus = 'Running'`;
  for await (const { workflowId, runId } of temporal.workflow.list({ query })) {
    if (read >= limit) return;
    read += 1;
    yield { workflowId, history: await temporal.workflow.getHandle(workflowId, runId).fetchHistory() };
  }
}
