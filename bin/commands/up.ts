import { type Command, InvalidArgumentError } from 'commander';
import { toUnmogrowpError } from '../../errors.ts';
import { defaultDirectory } from '../../stack/state.ts';
import { INTERRUPTED_EXIT_CODE, onInterruption } from '../interruption.ts';
import { printJson, printProgress, printTable } from '../output.ts';
import { startPlatform, type Platform } from '../platform.ts';

interface UpOptions {
  readonly directory?: string;
  readonly partsOnly?: boolean;
  readonly freePorts?: boolean;
  readonly observability?: boolean;
  readonly clickhouseMemory: number;
  readonly json?: boolean;
}

/** Below it the server does not start. */
const GIGABYTES_MIN = 1;
const GIGABYTES_MAX = 10_000;

/** `unmogrowp up`: the whole platform on this machine until Ctrl-C. */
export function register(program: Command): void {
  program
    .command('up')
    .description('start the real parts and our processes on this machine, and keep them running until Ctrl-C')
    .option('--parts-only', 'only the parts: no migrations, none of our processes')
    .option(
      '--observability',
      'also Prometheus, Alertmanager and Loki, and the Grafana that is unpacked in GRAFANA_HOME',
    )
    .option('--directory <path>', 'the data folder (default: UNMOGROWP_DIRECTORY, or .unmogrowp of the checkout)')
    .option('--free-ports', 'any free ports instead of the well-known ones')
    .option('--clickhouse-memory <gigabytes>', 'how much memory ClickHouse may use', gigabytes, 4)
    .option('--json', 'print the addresses as JSON')
    .addHelpText('after', '\nExit codes: 0 stopped by Ctrl-C, 1 it could not be started, 130 Ctrl-C during the start.')
    .action(up);
}

async function up(options: UpOptions): Promise<void> {
  const interruption = onInterruption('The start');
  const { signal } = interruption;
  const interrupted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  // An event loop with nothing but signals to wait for would end.
  const alive = setInterval(() => undefined, 60_000);
  try {
    const platform = await startPlatform({
      environment: process.env,
      signal,
      tuning: { clickhouseMemoryBytesMax: options.clickhouseMemory * 1_000_000_000 },
      ...(options.directory === undefined ? {} : { directory: options.directory }),
      ...(options.partsOnly === undefined ? {} : { partsOnly: options.partsOnly }),
      ...(options.freePorts === undefined ? {} : { freePorts: options.freePorts }),
      ...(options.observability === undefined ? {} : { observability: options.observability }),
    });
    printAddresses(platform, options.json === true);
    printProgress('Running. Ctrl-C stops everything.');
    await interrupted;
    await platform.stop();
  } catch (error) {
    if (toUnmogrowpError(error).code !== 'interrupted') throw error;
    printProgress('Interrupted: everything has been stopped.');
    process.exitCode = INTERRUPTED_EXIT_CODE;
  } finally {
    clearInterval(alive);
    interruption.close();
  }
}

function gigabytes(text: string): number {
  const value = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && value >= GIGABYTES_MIN && value <= GIGABYTES_MAX) return value;
  throw new InvalidArgumentError(`It is not a number from ${GIGABYTES_MIN} to ${GIGABYTES_MAX}.`);
}

function printAddresses({ stack, processes, environment }: Platform, json: boolean): void {
  if (json)
    return printJson({ directory: stack.directory, environment: stack.environment, parts: stack.parts, processes });
  printTable(
    ['name', 'version', 'from', 'address', 'log'],
    [
      ...stack.parts.map((part) => [part.name, part.version, part.source, part.address, part.logFile ?? '']),
      ...processes.map((process) => [process.name, process.version, '', process.address, process.logFile]),
    ],
  );
  const ui = stack.parts.find((part) => part.name === 'temporal')?.ports['ui'];
  if (ui !== undefined) printProgress(`Temporal's web page: http://127.0.0.1:${ui}`);
  printOtherTerminals(stack.directory, processes.length === 0 ? environment : {});
}

/** How commands in other terminals reach it: by the folder; tests, which need the parts alone, by their addresses. */
function printOtherTerminals(directory: string, addresses: Readonly<Record<string, string>>): void {
  if (directory !== defaultDirectory(process.env)) {
    printProgress(`For commands in other terminals:\n  export UNMOGROWP_DIRECTORY=${directory}`);
  } else printProgress('Commands in other terminals find it: unmogrowp status');
  const names = Object.keys(addresses);
  if (names.length > 0) printProgress('For tests in other terminals:');
  for (const name of names) printProgress(`  export ${name}=${addresses[name]}`);
}
