import type { Command } from 'commander';
import { printJson, printProgress, printTable } from '../output.ts';
import { startPlatform, type Platform } from '../platform.ts';

interface UpOptions {
  readonly directory?: string;
  readonly partsOnly?: boolean;
  readonly freePorts?: boolean;
  readonly clickhouseMemory: string;
  readonly json?: boolean;
}

/** `unmogrowp up`: the whole platform on this machine until Ctrl-C. */
export function register(program: Command): void {
  program
    .command('up')
    .description('start the real parts and our processes on this machine, and keep them running until Ctrl-C')
    .option('--parts-only', 'only the parts: no migrations, none of our processes')
    .option('--directory <path>', 'the data folder (default: .unmogrowp of the checkout)')
    .option('--free-ports', 'any free ports instead of the well-known ones')
    .option('--clickhouse-memory <gigabytes>', 'how much memory ClickHouse may use', '4')
    .option('--json', 'print the addresses as JSON')
    .action(up);
}

async function up(options: UpOptions): Promise<void> {
  const interruption = new AbortController();
  const interrupted = new Promise<void>((resolve) => interruption.signal.addEventListener('abort', () => resolve()));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      // The second Ctrl-C does not wait: the keeper goes on stopping what is left.
      if (interruption.signal.aborted) process.exit(1);
      interruption.abort();
    });
  }
  // An event loop with nothing but signals to wait for would end.
  const alive = setInterval(() => undefined, 60_000);
  try {
    const platform = await startPlatform({
      environment: process.env,
      signal: interruption.signal,
      tuning: { clickhouseMemoryBytesMax: Number(options.clickhouseMemory) * 1_000_000_000 },
      ...(options.directory === undefined ? {} : { directory: options.directory }),
      ...(options.partsOnly === undefined ? {} : { partsOnly: options.partsOnly }),
      ...(options.freePorts === undefined ? {} : { freePorts: options.freePorts }),
    });
    printAddresses(platform, options.json === true);
    printProgress('Running. Ctrl-C stops everything.');
    await interrupted;
    await platform.stop();
  } finally {
    clearInterval(alive);
  }
}

function printAddresses({ stack, processes, environment }: Platform, json: boolean): void {
  if (json)
    return printJson({ directory: stack.directory, environment: stack.environment, parts: stack.parts, processes });
  printTable(
    ['name', 'version', 'from', 'address', 'log'],
    [
      ...stack.parts.map((part) => [part.name, part.version, part.source, part.address, part.logFile ?? '']),
      ...processes.map((process) => [process.name, '', '', process.address, process.logFile]),
    ],
  );
  const ui = stack.parts.find((part) => part.name === 'temporal')?.ports['ui'];
  if (ui !== undefined) printProgress(`Temporal's web page: http://127.0.0.1:${ui}`);
  printProgress('For other terminals:');
  const names = Object.keys(stack.environment);
  for (const name of names) printProgress(`  export ${name}=${environment[name]}`);
}
