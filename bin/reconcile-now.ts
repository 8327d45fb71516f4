import { triggerReconcile } from '../activities/client.ts';
import type { Env } from '../env.ts';
import { withTemporal } from './temporal.ts';

/** Looks for windows to start and reopen at once instead of with the next turn of the schedule. */
export async function reconcileNow(env: Env): Promise<void> {
  await withTemporal(env, triggerReconcile);
}
