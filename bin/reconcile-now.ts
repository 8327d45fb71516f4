import { toTemporalError, triggerReconcile } from '../activities/client.ts';
import type { Env } from '../env.ts';
import { connectTemporal } from './temporal-connection.ts';

/** Looks for windows to start and reopen at once instead of with the next turn of the schedule. */
export async function reconcileNow(env: Env): Promise<void> {
  const temporal = await connectTemporal(env);
  try {
    await triggerReconcile({ temporal: temporal.client, taskQueue: env.TEMPORAL_TASK_QUEUE });
  } catch (error) {
    throw toTemporalError(error);
  } finally {
    await temporal.close();
  }
}
