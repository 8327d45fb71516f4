import { fork, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UnmogrowpError } from '../errors.ts';
import type { ChildSpec, KeeperMessage, KeeperRequest } from './keeper-protocol.ts';
import { identify, waitUntilGone, type ProcessIdentity } from './procfs.ts';

type ChildExit = Extract<KeeperMessage, { kind: 'exited' }>;

/** The launcher's side of the keeper. */
export interface Keeper {
  readonly identity: ProcessIdentity;
  start(spec: ChildSpec): Promise<ProcessIdentity>;
  /** Stops the children named, in the reverse order of their levels. */
  stop(names: readonly string[]): Promise<void>;
  /** Told about every child that ended, on purpose or not. */
  onExit(listener: (exit: ChildExit) => void): void;
  /** Stops what still runs, then the keeper itself. */
  close(): Promise<void>;
}

const CLOSE_TIMEOUT_MS = 60_000;

/** Starts the keeper of a directory and waits until it listens. */
export async function startKeeper(options: { directory: string; childrenFile: string }): Promise<Keeper> {
  const log = openSync(join(options.directory, 'logs', 'keeper.log'), 'a');
  const child = fork(fileURLToPath(new URL('./keeper.ts', import.meta.url)), [options.childrenFile], {
    cwd: options.directory,
    // Its own session: a terminal's Ctrl-C must not stop the parts behind the launcher's back.
    detached: true,
    execArgv: [],
    stdio: ['ignore', log, log, 'ipc'],
  });
  closeSync(log);
  const listeners = new Set<(exit: ChildExit) => void>();
  const pending = new Map<number, { resolve: (message: KeeperMessage) => void; reject: (error: Error) => void }>();
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', () => reject(keeperGone()));
    child.on('message', (message: KeeperMessage) => {
      if (message.kind === 'ready') resolve();
      else if (message.kind === 'exited') for (const listener of listeners) listener(message);
      else settle(pending, message);
    });
  });
  child.once('exit', () => {
    for (const { reject } of pending.values()) reject(keeperGone());
    pending.clear();
  });
  const identity = child.pid === undefined ? undefined : identify(child.pid);
  if (identity === undefined) throw keeperGone();
  letLauncherEnd(child);

  let lastId = 0;
  const request = async (make: (id: number) => KeeperRequest): Promise<KeeperMessage> => {
    const id = (lastId += 1);
    child.channel?.ref();
    try {
      return await new Promise<KeeperMessage>((resolve, reject) => {
        if (!child.connected) return reject(keeperGone());
        pending.set(id, { resolve, reject });
        child.send(make(id));
      });
    } finally {
      if (pending.size === 0) child.channel?.unref();
    }
  };

  return {
    identity,
    start: async (spec) => {
      const answer = await request((id) => ({ kind: 'start', id, spec }));
      if (answer.kind === 'started') return answer.identity;
      const why = answer.kind === 'failed' ? answer.message : answer.kind;
      throw new UnmogrowpError('part_start_failed', `${spec.name} could not be started: ${why}`);
    },
    stop: async (names) => {
      if (child.connected) await request((id) => ({ kind: 'stop', id, names }));
    },
    onExit: (listener) => void listeners.add(listener),
    close: async () => {
      if (child.connected) child.disconnect();
      await waitUntilGone(identity, CLOSE_TIMEOUT_MS);
    },
  };
}

/** A launcher that has nothing left to do may end without closing the stack: the keeper then stops it. */
function letLauncherEnd(child: ChildProcess): void {
  child.unref();
  child.channel?.unref();
}

function settle(
  pending: Map<number, { resolve: (message: KeeperMessage) => void }>,
  message: Exclude<KeeperMessage, { kind: 'ready' } | { kind: 'exited' }>,
): void {
  pending.get(message.id)?.resolve(message);
  pending.delete(message.id);
}

const keeperGone = () =>
  new UnmogrowpError('part_start_failed', 'The process that keeps the parts has ended; start the stack again.');
