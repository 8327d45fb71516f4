import type { Env } from '../env.ts';

/** Looks for windows to start and reopen at once instead of with the next turn of the schedule. */
export async function reconcileNow(_env: Env): Promise<void> {}
