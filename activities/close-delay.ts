import { loadSettings } from '../postgres/settings.ts';
import { toTemporalError } from './client.ts';
import type { ActivityDependencies } from './dependencies.ts';
import type { Run } from './run-queries.ts';
import { windowWorkflowId } from './window-range.ts';

/**
 * Measures how long after it was due a window got its first publication. A window of the past is due when its workflow is
 * started: nobody could have known of it before. Throws `postgres_unavailable` and `temporal_unavailable`.
 */
export async function measureClose(
  { metrics, postgres, temporal }: Pick<ActivityDependencies, 'metrics' | 'postgres' | 'temporal'>,
  run: Run,
  publishedAtMs: number,
): Promise<void> {
  const { settings } = await loadSettings(postgres, run.tenantId, run.settingsVersion);
  const workflow = temporal.workflow.getHandle(windowWorkflowId(run));
  const { startTime } = await workflow.describe().catch((error: unknown) => {
    throw toTemporalError(error);
  });
  const dueAtMs = Math.max(run.windowEndMs + settings.allowed_lateness_seconds * 1_000, startTime.getTime());
  metrics.closeDelay.observe(Math.max(0, publishedAtMs - dueAtMs) / 1_000);
}
