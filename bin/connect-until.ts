import { setTimeout as wait } from 'node:timers/promises';

const RECONNECT_MS = 2_000;

/**
 * Tries until it works, telling each failure: a process that ends would only be started again. Undefined when it is asked to
 * stop before.
 */
export async function connectUntil<Result>(
  stopping: Promise<void>,
  attempt: () => Promise<Result>,
  onError: (error: unknown) => void,
): Promise<Result | undefined> {
  let isAsked = false;
  void stopping.then(() => {
    isAsked = true;
  });
  while (!isAsked) {
    try {
      return await attempt();
    } catch (error) {
      onError(error);
      await Promise.race([stopping, wait(RECONNECT_MS)]);
    }
  }
  return undefined;
}
