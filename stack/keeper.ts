/**
 * The keeper: a small process that owns all children of one stack and outlives the launcher for as long as it takes to
 * stop them. The launcher talks to it over Node's IPC channel; the channel breaking (launcher ended, crashed or was
 * killed with `kill -9`) is the order to stop everything. It runs in its own session, so Ctrl-C reaches only the
 * launcher, which then stops things in order.
 *
 * usage: node keeper.ts CHILDREN_FILE
 */
import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, renameSync, writeFileSync } from 'node:fs';
import type { ChildRecord, ChildSpec, KeeperMessage, KeeperRequest } from './keeper-protocol.ts';
import { identify, stopProcess } from './procfs.ts';

interface Child {
  readonly spec: ChildSpec;
  readonly record: ChildRecord;
  readonly exited: Promise<void>;
}

const childrenFile = process.argv[2];
if (childrenFile === undefined || process.send === undefined)
  throw new Error('the keeper is started by the stack only');
const children = new Map<string, Child>();
let ending = false;

process.on('message', (request: KeeperRequest) => void answer(request));
process.on('disconnect', () => void end());
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => void end());
tell({ kind: 'ready' });

async function answer(request: KeeperRequest): Promise<void> {
  try {
    if (request.kind === 'stop') {
      await stopChildren(request.names);
      tell({ kind: 'stopped', id: request.id });
    } else {
      const { pid, startTicks } = await startChild(request.spec);
      tell({ kind: 'started', id: request.id, identity: { pid, startTicks } });
    }
  } catch (error) {
    tell({ kind: 'failed', id: request.id, message: error instanceof Error ? error.message : String(error) });
  }
}

async function startChild(spec: ChildSpec): Promise<ChildRecord> {
  if (ending) throw new Error('the stack is stopping');
  if (children.has(spec.name)) throw new Error(`${spec.name} runs already`);
  // One log per start, the previous one beside it: what a crash left behind survives exactly one restart.
  if (existsSync(spec.logFile)) renameSync(spec.logFile, `${spec.logFile}.previous`);
  const log = openSync(spec.logFile, 'a');
  const child = spawn(spec.command, spec.arguments, {
    cwd: spec.workingDirectory,
    env: spec.environment,
    stdio: ['ignore', log, log],
    ...(spec.user === undefined ? {} : { uid: spec.user.uid, gid: spec.user.gid }),
  });
  closeSync(log);
  const exited = new Promise<void>((resolve) => {
    child.once('exit', (code, signal) => {
      forget(spec.name);
      if (child.pid !== undefined) tell({ kind: 'exited', name: spec.name, pid: child.pid, code, signal });
      resolve();
    });
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  const identity = child.pid === undefined ? undefined : identify(child.pid);
  if (identity === undefined) throw new Error(`${spec.name} ended at once, see ${spec.logFile}`);
  const { name, level, stopSignal, stopTimeoutMs } = spec;
  const record = { ...identity, name, level, stopSignal, stopTimeoutMs };
  children.set(name, { spec, record, exited });
  writeRecords();
  return record;
}

/** Stops the named children, the highest level first; all of a level together. */
async function stopChildren(names: readonly string[]): Promise<void> {
  const chosen = [...children.values()].filter((child) => names.includes(child.spec.name));
  const levels = [...new Set(chosen.map((child) => child.spec.level))].sort((a, b) => b - a);
  for (const level of levels) {
    await Promise.all(
      chosen
        .filter((child) => child.spec.level === level)
        .map(async ({ record, exited }) => {
          await stopProcess(record, record.stopSignal, record.stopTimeoutMs);
          await exited;
        }),
    );
  }
}

async function end(): Promise<void> {
  if (ending) return;
  ending = true;
  await stopChildren([...children.keys()]);
  process.exit(0);
}

function forget(name: string): void {
  children.delete(name);
  writeRecords();
}

function writeRecords(): void {
  const records = [...children.values()].map((child) => child.record);
  writeFileSync(`${childrenFile}.next`, JSON.stringify(records));
  renameSync(`${childrenFile}.next`, `${childrenFile}`);
}

function tell(message: KeeperMessage): void {
  // The launcher may be gone; then nobody needs the answer.
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}
