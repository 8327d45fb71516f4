import type { Command } from 'commander';
import { stackStatus, type StatusEntry } from '../../stack/status.ts';
import { printJson, printTable } from '../output.ts';

interface StatusOptions {
  readonly directory?: string;
  readonly json?: boolean;
}

/** `unmogrowp status`: is everything up, in which version, with how much memory, where. */
export function register(program: Command): void {
  program
    .command('status')
    .description("each part's and process's health, version, memory and address; exit code 1 when something is down")
    .option(
      '--directory <path>',
      'the data folder of the stack (default: UNMOGROWP_DIRECTORY, or .unmogrowp of the checkout)',
    )
    .option('--json', 'print JSON')
    .action(async (options: StatusOptions) => {
      const directory = options.directory === undefined ? {} : { directory: options.directory };
      const entries = await stackStatus({ ...directory, environment: process.env });
      if (options.json === true) printJson(entries.map(asJson));
      else printTable(HEAD, entries.map(asRow));
      if (entries.some((entry) => entry.health === 'down')) process.exitCode = 1;
    });
}

const HEAD = ['name', 'health', 'version', 'memory', 'uptime', 'address'];

function asRow(entry: StatusEntry): string[] {
  return [
    entry.name,
    entry.health,
    entry.version ?? '',
    entry.memoryBytes === undefined ? '' : `${Math.round(entry.memoryBytes / 1_048_576)} MB`,
    entry.uptimeSeconds === undefined ? '' : formatUptime(entry.uptimeSeconds),
    [entry.address, entry.problem ?? ''].filter((text) => text !== '').join(': '),
  ];
}

function asJson(entry: StatusEntry): Record<string, unknown> {
  return {
    name: entry.name,
    kind: entry.kind,
    health: entry.health,
    address: entry.address,
    problem: entry.problem,
    version: entry.version,
    source: entry.source,
    pid: entry.pid,
    memory_bytes: entry.memoryBytes,
    uptime_seconds: entry.uptimeSeconds,
    log_file: entry.logFile,
  };
}

function formatUptime(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`;
  return `${Math.floor(seconds / 3_600)} h ${Math.floor((seconds % 3_600) / 60)} min`;
}
