/** A number of things that may go on at once. */
export interface Slots {
  /** Waits for a free one. False when the signal was aborted before there was one. */
  acquire(signal: AbortSignal): Promise<boolean>;
  /** Takes a free one, if there is one that nobody waits for. */
  tryAcquire(): boolean;
  release(): void;
}

/** Makes slots that are given out in the order in which they were asked for. */
export function createSlots(count: number): Slots {
  let free = count;
  const waiting: (() => void)[] = [];

  function acquire(signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return Promise.resolve(false);
    if (tryAcquire()) return Promise.resolve(true);
    return new Promise((resolve) => {
      const give = (): void => {
        signal.removeEventListener('abort', giveUp);
        resolve(true);
      };
      const giveUp = (): void => {
        waiting.splice(waiting.indexOf(give), 1);
        resolve(false);
      };
      waiting.push(give);
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }

  function tryAcquire(): boolean {
    if (free === 0) return false;
    free -= 1;
    return true;
  }

  function release(): void {
    const next = waiting.shift();
    if (next === undefined) free += 1;
    else next();
  }

  return { acquire, tryAcquire, release };
}
