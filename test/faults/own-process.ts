import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Stack } from '../../stack/stack.ts';
import { PIPELINE_PROCESSES, type PipelineProcess } from '../../stack/types.ts';

const READY_MS_MAX = 60_000;
const POLL_MS = 50;
const STOP_TIMEOUT_MS = 25_000;
const ANSWER_MS_MAX = 3_000;

/** One of our own processes, which can be killed, frozen, stopped and started again on the same ports. */
export interface OwnProcess {
  readonly name: string;
  kill(): Promise<void>;
  /** Starts it and waits until it answers anything; nothing when it runs. */
  start(): Promise<void>;
  /** Starts it again when it has ended by itself, as whoever runs services does. */
  supervise(): Promise<void>;
  /** Asks it to end in order. */
  stop(): Promise<void>;
  freeze(): void;
  thaw(): void;
  /** Puts another release in its place, for good: the same program with a module that is loaded before it. */
  replace(preload: string): Promise<void>;
  /** Lets its wall clock be wrong by so much from now on. */
  stepClock(shiftMs: number): void;
  /** What is wrong with it; undefined when it says that it is well. */
  problem(): Promise<string | undefined>;
  /** How it has ended by itself since this was asked last. */
  takeEnds(): string[];
}

export interface OwnProcessOptions {
  /** Whose keeper owns it, so that it ends with the harness, however that ends. */
  readonly home: Stack;
  readonly kind: PipelineProcess;
  /** `sink`, or `sink-2` for another one beside it. */
  readonly name: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Where it says how it is. */
  readonly healthUrl: string;
}

const PRELOAD = new URL('./shift-clock.ts', import.meta.url).href;

/** Prepares a process; nothing runs before `start`. */
export function createOwnProcess(options: OwnProcessOptions): OwnProcess {
  const { home, kind, name, healthUrl } = options;
  const clockFile = join(home.directory, 'clocks', name);
  mkdirSync(join(home.directory, 'clocks'), { recursive: true });
  let running: { pid: number; ended: () => string | undefined } | undefined;
  const ends: string[] = [];
  const preloads = [PRELOAD];
  let starting: Promise<void> | undefined;

  function isRunning(): boolean {
    const end = running?.ended();
    if (end === undefined) return running !== undefined;
    ends.push(end);
    running = undefined;
    return false;
  }

  const start = (): Promise<void> =>
    (starting ??= startUnlessRunning().finally(() => {
      starting = undefined;
    }));

  async function startUnlessRunning(): Promise<void> {
    if (isRunning()) return;
    running = await home.children.start({
      name,
      level: 1 + PIPELINE_PROCESSES.indexOf(kind),
      command: process.execPath,
      arguments: [
        ...preloads.flatMap((preload) => ['--import', preload]),
        fileURLToPath(new URL(`../../bin/${kind}.ts`, import.meta.url)),
      ],
      workingDirectory: fileURLToPath(new URL('../..', import.meta.url)),
      environment: { ...options.environment, FAULTS_CLOCK_FILE: clockFile },
      logFile: join(home.directory, 'logs', `${name}.log`),
      stopSignal: 'SIGTERM',
      stopTimeoutMs: STOP_TIMEOUT_MS,
    });
    const giveUpAt = performance.now() + READY_MS_MAX;
    while ((await answerOf(healthUrl)) === undefined) {
      if (!isRunning()) throw new Error(`${name} ended at its start: ${ends.at(-1)}`);
      if (performance.now() > giveUpAt) throw new Error(`${name} does not answer ${READY_MS_MAX} ms after its start`);
      await wait(POLL_MS);
    }
  }

  async function end(how: (pid: number) => unknown): Promise<void> {
    if (!isRunning()) return;
    const ending = running;
    running = undefined;
    if (ending === undefined) return;
    await how(ending.pid);
    while (ending.ended() === undefined) await wait(POLL_MS);
  }

  const signal = (what: NodeJS.Signals): void => {
    if (isRunning() && running !== undefined) process.kill(running.pid, what);
  };

  const stop = (): Promise<void> => end(() => home.children.stop([name]));

  return {
    name,
    start,
    supervise: async () => {
      if (running?.ended() !== undefined) await start();
    },
    kill: () => end((pid) => process.kill(pid, 'SIGKILL')),
    stop,
    async replace(preload) {
      await stop();
      preloads.push(preload);
      await start();
    },
    freeze: () => signal('SIGSTOP'),
    thaw: () => signal('SIGCONT'),
    stepClock(shiftMs) {
      writeFileSync(clockFile, String(shiftMs));
      signal('SIGUSR2');
    },
    async problem() {
      if (!isRunning()) return `${name} does not run`;
      const status = await answerOf(healthUrl);
      return status === 200 ? undefined : `${name} answers ${status ?? 'nothing'} at ${healthUrl}`;
    },
    takeEnds: () => {
      isRunning();
      return ends.splice(0).map((end) => `${name}: ${end}`);
    },
  };
}

async function answerOf(url: string): Promise<number | undefined> {
  try {
    const options = { headers: { connection: 'close' }, signal: AbortSignal.timeout(ANSWER_MS_MAX) };
    const response = await fetch(url, options);
    await response.arrayBuffer();
    return response.status;
  } catch {
    return undefined;
  }
}
