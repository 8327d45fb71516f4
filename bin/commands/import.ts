import { existsSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { type Env, parseEnv } from '../../env.ts';
import { UnmogrowpError, toUnmogrowpError } from '../../errors.ts';
import { dryRun } from '../../importers/dry-run.ts';
import { type Mapping, parseMapping } from '../../importers/mapping.ts';
import { type ImportProgress, type ImportResult, runImport } from '../../importers/run-import.ts';
import { createSender } from '../../importers/send-events.ts';
import { type PostgresPool, createPostgresPool } from '../../postgres/pool.ts';
import { findWriteKeyOwner, hashWriteKey } from '../../postgres/write-keys.ts';
import { formatDuration } from '../../stack/progress.ts';
import { INTERRUPTED_EXIT_CODE, onInterruption } from '../interruption.ts';
import { positiveInteger } from '../number-option.ts';
import { countText, printJson, printLine, printProgress } from '../output.ts';
import { type ProgressBar, startProgressBar } from '../progress-bar.ts';
import { closeImportedWindows, printWindows } from '../imported-windows.ts';

interface Options {
  mapping: string;
  url?: string;
  key?: string;
  concurrency: number;
  state?: string;
  rejects?: string;
  restart?: boolean;
  lease: boolean;
  leaseSeconds: number;
  wait: boolean;
  waitSeconds: number;
  retrySeconds: number;
  dryRun?: boolean;
  json?: boolean;
}

/** Some rows were not taken: all others were, and the rejects file says which. */
const REJECTS_EXIT_CODE = 3;

/** `unmogrowp import`: the events of a CSV file, once, however often it is called. */
export function register(program: Command): void {
  program
    .command('import <file>')
    .description('sends the rows of a CSV file as events and waits until their windows are published')
    .requiredOption('--mapping <file>', 'how rows become events (YAML), or the name of a shipped one: talkingdata')
    .option('--url <address>', 'address of ingest (default: the running stack, or INGEST_HOST and INGEST_PORT)')
    .option('--key <write key>', 'of the tenant; better in the environment as UNMOGROWP_WRITE_KEY')
    .option('--concurrency <number>', 'requests under way at the same time', positiveInteger(7), 4)
    .option('--state <file>', 'keeps how far it has come (default: <file>.import.json)')
    .option('--rejects <file>', 'what was not taken, with line and reason (default: <file>.rejects.csv)')
    .option('--restart', 'begin anew instead of where an interrupted import has come to')
    .option('--no-lease', 'do not hold the windows of the file open; needs no Postgres, and does not wait for windows')
    .option('--lease-seconds <number>', 'how long the windows stay held when the import dies', positiveInteger(7), 120)
    .option('--no-wait', 'do not wait until the windows are published')
    .option('--wait-seconds <number>', 'how long to wait for them', positiveInteger(7), 600)
    .option(
      '--retry-seconds <number>',
      'how long ingest may be away before the import gives up',
      positiveInteger(7),
      600,
    )
    .option('--dry-run', 'map and judge all rows without sending, and show the first events')
    .option('--json', 'print the summary as JSON')
    .addHelpText('after', EXIT_CODES)
    .action(importFile);
}

const EXIT_CODES = `
Exit codes: 0 everything was taken, 1 it failed, 2 wrong usage, 3 some rows were rejected, 130 interrupted.`;

async function importFile(file: string, options: Options): Promise<void> {
  const mapping = readMapping(options.mapping);
  checkFile(file);
  if (options.dryRun === true) return showDryRun(file, mapping, options);
  const env = parseEnv(process.env);
  const writeKey = options.key ?? env.UNMOGROWP_WRITE_KEY;
  if (writeKey === undefined) {
    throw new UnmogrowpError(
      'configuration_invalid',
      'A write key is needed: set UNMOGROWP_WRITE_KEY. A tenant has one from: unmogrowp tenant create',
    );
  }
  const pool = options.lease ? connect(env) : undefined;
  try {
    const tenantId = pool === undefined ? undefined : await tenantOf(pool, writeKey);
    await sendFile({ file, options, mapping, env, writeKey, tenantId, pool });
  } finally {
    await pool?.end();
  }
}

interface Job {
  file: string;
  options: Options;
  mapping: Mapping;
  env: Env;
  writeKey: string;
  /** Known from Postgres, which an import without a lease does not need. */
  tenantId: string | undefined;
  pool: PostgresPool | undefined;
}

async function sendFile(job: Job): Promise<void> {
  const { options, env, tenantId, pool } = job;
  const startedAt = performance.now();
  const interruption = onInterruption('The import');
  const result = await sendRows(job, interruption.signal).catch((error: unknown) => {
    if (toUnmogrowpError(error).code !== 'interrupted') throw withResume(error, job);
    return undefined;
  });
  if (result === undefined || !result.isComplete) {
    if (options.json === true && result !== undefined) printJson(summaryOf(job, result, startedAt));
    printProgress(
      existsSync(statePath(job))
        ? `Interrupted. The same command goes on from here: ${statePath(job)}`
        : 'Interrupted before anything was sent.',
    );
    process.exitCode = INTERRUPTED_EXIT_CODE;
    return;
  }
  const summary = summaryOf(job, result, startedAt);
  if (options.json !== true) printSummary(summary, job);
  if (summary.rejected > 0) process.exitCode = REJECTS_EXIT_CODE;
  if (pool === undefined || tenantId === undefined || !options.wait || result.range === null) {
    if (options.json === true) printJson(summary);
    return;
  }
  const closed = await closeImportedWindows({
    env,
    pool,
    tenantId,
    range: result.range,
    waitMs: options.waitSeconds * 1_000,
    signal: interruption.signal,
  }).catch((error: unknown) => {
    if (!interruption.signal.aborted) throw error;
    return undefined;
  });
  if (closed === undefined) {
    printProgress('Not waiting any more: everything is sent, and its windows close by themselves.');
    process.exitCode = INTERRUPTED_EXIT_CODE;
    return;
  }
  if (options.json === true) printJson({ ...summary, ...closed });
  else printWindows(closed);
}

async function sendRows(job: Job, signal: AbortSignal): Promise<ImportResult> {
  const { file, options, mapping, env, writeKey, tenantId, pool } = job;
  const progress = progressPrinter(statSync(file).size);
  const url = options.url ?? `http://${env.INGEST_HOST}:${env.INGEST_PORT}`;
  const send = createSender({
    url,
    writeKey,
    retryForMs: options.retrySeconds * 1_000,
    signal,
    onRetry: (reason) =>
      progress.say(`ingest at ${url}: ${reason}. It is tried again, for ${options.retrySeconds} s at most.`),
  });
  // A wrong address or key is told before the whole file is read.
  await send([]).finally(progress.stop);
  const onProblem = (error: unknown): void => progress.say(`the lease was not prolonged: ${(error as Error).message}`);
  return runImport({
    file,
    mapping,
    tenantId: tenantId ?? `write key ${hashWriteKey(writeKey).toString('hex').slice(0, 12)}`,
    send,
    concurrency: options.concurrency,
    statePath: statePath(job),
    rejectsPath: rejectsPath(job),
    restart: options.restart === true,
    ...(pool === undefined ? {} : { lease: { pool, durationMs: options.leaseSeconds * 1_000, onProblem } }),
    nowMs: Date.now,
    signal,
    onProgress: progress.show,
  }).finally(progress.stop);
}

const statePath = ({ file, options }: Job): string => options.state ?? `${file}.import.json`;
const rejectsPath = ({ file, options }: Job): string => options.rejects ?? `${file}.rejects.csv`;

function connect(env: Env): PostgresPool {
  return createPostgresPool({ url: env.POSTGRES_URL, applicationName: 'unmogrowp import', connectionsMax: 2 });
}

async function tenantOf(pool: PostgresPool, writeKey: string): Promise<string> {
  const owner = await findWriteKeyOwner(pool, hashWriteKey(writeKey));
  if (owner !== undefined) return owner.tenant_id;
  throw new UnmogrowpError(
    'key_unknown',
    'No tenant has this write key, or it was revoked. See: unmogrowp tenant list, unmogrowp tenant key rotate',
  );
}

/** A failure says how to go on, when there is something to go on from. */
function withResume(error: unknown, job: Job): unknown {
  const { code, message } = toUnmogrowpError(error);
  if (code === 'bug' || code === 'import_invalid' || !existsSync(statePath(job))) return error;
  return new UnmogrowpError(code, `${message}\nThe same command goes on from where it stopped.`, { cause: error });
}

/** A mapping by its path, or one that is shipped by its name. */
function readMapping(nameOrPath: string): Mapping {
  const shipped = fileURLToPath(new URL(`../../importers/${nameOrPath}.yaml`, import.meta.url));
  const isShipped = /^[a-z0-9_-]+$/.test(nameOrPath) && !existsSync(nameOrPath) && existsSync(shipped);
  const path = isShipped ? shipped : nameOrPath;
  let yaml: string;
  try {
    yaml = readFileSync(path, 'utf8');
  } catch (error) {
    throw new UnmogrowpError('import_invalid', `The mapping ${path} cannot be read: ${reasonOf(error)}`);
  }
  return parseMapping(yaml, path);
}

function checkFile(file: string): void {
  try {
    if (statSync(file).isFile()) return;
  } catch (error) {
    throw new UnmogrowpError('import_invalid', `${file} cannot be read: ${reasonOf(error)}`);
  }
  throw new UnmogrowpError('import_invalid', `${file} is no file that can be read twice, as an import has to`);
}

function reasonOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  return code === 'ENOENT' ? 'there is no such file' : (code ?? String(error));
}

async function showDryRun(file: string, mapping: Mapping, options: Options): Promise<void> {
  const progress = progressPrinter(statSync(file).size);
  const result = await dryRun({
    file,
    mapping,
    nowMs: Date.now(),
    onProgress: (bytes, rows) => progress.show({ phase: 'scanning', bytes, counts: { ...NO_COUNTS, rows } }),
  }).finally(progress.stop);
  if (options.json === true) printJson(result);
  else {
    for (const event of result.first_events) printLine(JSON.stringify(event));
    for (const { line, event, code, message } of result.first_rejects) {
      printProgress(`line ${line}: ${[event, code, message].filter((part) => part !== '').join(': ')}`);
    }
    printProgress(
      `${countText(result.rows, 'row')} would become ${countText(result.events, 'event')} from ${result.range_start ?? '-'} to ` +
        `${result.range_end ?? '-'}; ${countText(result.rejected, 'reject')}. Nothing was sent.`,
    );
  }
  if (result.rejected > 0) process.exitCode = REJECTS_EXIT_CODE;
}

const NO_COUNTS: ImportProgress['counts'] = { rows: 0, sent: 0, accepted: 0, rejected: 0 };

interface Summary {
  tenant_id: string | null;
  mapping: string;
  is_complete: boolean;
  rows: number;
  rows_before: number;
  sent: number;
  accepted: number;
  rejected: number;
  rejects_file: string | null;
  range_start: string | null;
  range_end: string | null;
  seconds: number;
}

function summaryOf(job: Job, result: ImportResult, startedAt: number): Summary {
  const { counts, range } = result;
  return {
    tenant_id: job.tenantId ?? null,
    mapping: job.mapping.name,
    is_complete: result.isComplete,
    rows: counts.rows,
    rows_before: result.rowsBefore,
    sent: counts.sent,
    accepted: counts.accepted,
    rejected: counts.rejected,
    rejects_file: counts.rejected > 0 ? rejectsPath(job) : null,
    range_start: range === null ? null : new Date(range.start).toISOString(),
    range_end: range === null ? null : new Date(range.end).toISOString(),
    seconds: Math.round(performance.now() - startedAt) / 1_000,
  };
}

function printSummary(summary: Summary, job: Job): void {
  const since = summary.rows_before > 0 ? `, ${number(summary.rows_before)} of them before this call` : '';
  printLine(
    `${countText(summary.rows, 'row')}${since}: ${countText(summary.accepted, 'event')} accepted, ` +
      `${number(summary.rejected)} rejected, in ${formatDuration(summary.seconds * 1_000)}`,
  );
  if (summary.rejected > 0) printLine(`What was rejected, with line and reason: ${rejectsPath(job)}`);
}

/** One bar for each phase, and remarks that do not tear it. */
function progressPrinter(bytesTotal: number): {
  show: (progress: ImportProgress) => void;
  say: (remark: string) => void;
  stop: () => void;
} {
  let bar: { phase: string; shown: ProgressBar } | undefined;
  let rows = 0;
  let remark = '';
  const stop = (): void => {
    bar?.shown.stop();
    bar = undefined;
  };
  return {
    show({ phase, bytes, counts }) {
      rows += 1;
      if (bar?.phase !== phase) {
        stop();
        bar = { phase, shown: startProgressBar(phase === 'scanning' ? 'reading' : 'sending', bytesTotal) };
      }
      if (phase === 'sending') remark = '';
      if (phase === 'sending' || rows % 1_000 === 0 || bytes >= bytesTotal)
        bar.shown.update(bytes, textOf(phase, counts, rows));
    },
    say(text) {
      if (text !== remark) printProgress(text);
      remark = text;
    },
    stop,
  };
}

function textOf(phase: string, counts: ImportProgress['counts'], rows: number): string {
  if (phase === 'scanning') return countText(rows, 'row');
  return `${number(counts.accepted)} accepted, ${number(counts.rejected)} rejected`;
}

const number = (value: number): string => value.toLocaleString('en');
