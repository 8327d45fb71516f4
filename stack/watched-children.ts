import type { Keeper } from './keeper-client.ts';
import type { ChildSpec } from './keeper-protocol.ts';
import type { StackOptions } from './types.ts';

/** The keeper's children as the stack sees them. */
export interface WatchedChildren {
  start(spec: ChildSpec): Promise<{ pid: number; ended: () => string | undefined }>;
  stop(names: readonly string[]): Promise<void>;
  /** Set before everything is stopped: from then on no end is unexpected. */
  stopping: boolean;
}

/** The keeper's children, with a memory of which of them have ended, and the news of those that nobody stopped. */
export function watchChildren(keeper: Keeper, onUnexpectedExit: StackOptions['onUnexpectedExit']): WatchedChildren {
  const logFiles = new Map<number, string>();
  const ends = new Map<number, string>();
  const expected = new Set<string>();
  const watched: WatchedChildren = {
    stopping: false,
    start: async (spec) => {
      expected.delete(spec.name);
      const { pid } = await keeper.start(spec);
      logFiles.set(pid, spec.logFile);
      return { pid, ended: () => ends.get(pid) };
    },
    stop: async (names) => {
      for (const name of names) expected.add(name);
      await keeper.stop(names);
    },
  };
  keeper.onExit(({ name, pid, code, signal }) => {
    ends.set(pid, `it ended with ${signal === null ? `exit code ${String(code)}` : signal}`);
    if (watched.stopping || expected.has(name)) return;
    onUnexpectedExit?.({ name, code, signal, logFile: logFiles.get(pid) ?? '' });
  });
  return watched;
}
