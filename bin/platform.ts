import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describeEnv } from '../env.ts';
import { UnmogrowpError } from '../errors.ts';
import { observersFor } from '../stack/observers.ts';
import { startProcesses } from '../stack/processes.ts';
import { createProgressPrinter, reporterFor } from '../stack/progress.ts';
import { startStack, type Stack } from '../stack/stack.ts';
import { PROCESS_NAMES, type ProcessName, type RunningProcess, type StackTuning } from '../stack/types.ts';
import { printProgress } from './output.ts';

export interface PlatformOptions {
  readonly directory?: string;
  /** Only the real parts: no migrations, none of our processes. */
  readonly partsOnly?: boolean;
  readonly processes?: readonly ProcessName[];
  readonly freePorts?: boolean;
  /** Also the parts that watch the others. */
  readonly observability?: boolean;
  readonly tuning?: StackTuning;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal;
}

/** The parts and, if asked for, our processes, while they run. */
export interface Platform {
  readonly stack: Stack;
  readonly processes: readonly RunningProcess[];
  /** What a command needs to reach all of it: pass it to a child or to `parseEnv`. */
  readonly environment: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

const hasIncidents = ({ partsOnly, processes = PROCESS_NAMES }: PlatformOptions): boolean =>
  partsOnly !== true && processes.includes('incidents');

/** Starts the real parts, brings their schemas to the newest state, then starts our processes. */
export async function startPlatform(options: PlatformOptions): Promise<Platform> {
  const { environment } = options;
  const printer = createProgressPrinter();
  const { onProgress } = printer;
  try {
    const stack = await startStack({
      environment,
      observers: options.observability === true ? observersFor(environment) : [],
      onProgress,
      onUnexpectedExit: ({ name, code, signal, logFile }) =>
        printProgress(
          `${name} ended unexpectedly (${signal ?? `exit code ${String(code)}`}), see ${logFile}. ` +
            'All else goes on; Ctrl-C and the same command start it again.',
        ),
      ...(options.directory === undefined ? {} : { directory: options.directory }),
      ...(options.freePorts === undefined ? {} : { freePorts: options.freePorts }),
      tuning: { ...options.tuning, incidents: hasIncidents(options) },
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    const stop = async () => {
      await stack.stop();
      printer.close();
    };
    if (options.partsOnly === true) return { stack, processes: [], environment: stack.environment, stop };
    try {
      const report = reporterFor('schemas', onProgress);
      report('preparing', 'the newest state');
      await runMigrations({ ...environment, ...stack.environment });
      report('ready', '');
      options.signal?.throwIfAborted();
      const started = await startProcesses({
        stack,
        environment,
        onProgress,
        sharedVariables: sharedVariables(),
        ...(options.processes === undefined ? {} : { processes: options.processes }),
      });
      return { stack, processes: started.processes, environment: started.environment, stop };
    } catch (error) {
      await stop();
      throw error;
    }
  } finally {
    printer.close();
  }
}

/** Everything that the processes read, without what is a matter of each terminal. */
function sharedVariables(): string[] {
  return describeEnv()
    .map(({ name }) => name)
    .filter((name) => name !== 'LOG_LEVEL' && !name.startsWith('UNMOGROWP_'));
}

/** In a process of its own, so that it reads its settings as every other command does. */
async function runMigrations(environment: Readonly<Record<string, string | undefined>>): Promise<void> {
  const program = fileURLToPath(new URL('./unmogrowp.ts', import.meta.url));
  const child = spawn(process.execPath, [program, 'migrate'], {
    env: { ...environment },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0)
    throw new UnmogrowpError('migration_failed', 'The schemas could not be brought to the newest state, see above.');
}
