import { type Command, Option } from 'commander';
import { type WindowKey } from '../../activities/contract.ts';
import { toIso, windowAt } from '../../activities/window-range.ts';
import { UnmogrowpError } from '../../errors.ts';
import type { PostgresPool } from '../../postgres/pool.ts';
import { loadSettings } from '../../postgres/settings.ts';
import { loadTenants } from '../../postgres/tenants.ts';
import type { WindowOutcome } from '../../workflows/messages.ts';
import { closeWithProgress } from '../close-window.ts';
import { INTERRUPTED_EXIT_CODE, onInterruption } from '../interruption.ts';
import { readLatenessReport } from '../lateness.ts';
import { printLateness } from '../lateness-text.ts';
import { moneyText } from '../money-text.ts';
import { positiveInteger } from '../number-option.ts';
import { countText, failWith, printJson, printLine, printProgress, printTable } from '../output.ts';
import { type Stores, withStores } from '../stores.ts';
import { withTemporal } from '../temporal.ts';
import { windowJson } from '../window-json.ts';
import { readWindowStart, windowText } from '../window-time.ts';
import { LISTED_STATES, type WindowLine, readWindowLines } from '../windows-view.ts';
import { printWindow, readWindow } from '../window-view.ts';

const APPLICATION = 'unmogrowp windows';
const LIMIT_DEFAULT = 50;
const DAY_MS = 86_400_000;
const LATENESS_DAYS = 30;
const LAST_MOMENT_MS = Date.UTC(2100, 0, 1);

interface ListOptions {
  tenant?: string;
  state?: string;
  from?: string;
  to?: string;
  limit: number;
  json?: boolean;
}

/** `unmogrowp windows`: what is published, what is waited for, and closing now. */
export function register(program: Command): void {
  const windows = program.command('windows').description('windows: what is published of them and what they wait for');
  windows
    .command('list')
    .description('windows with their state and what is published, the newest first')
    .option('--tenant <id>', 'only those of one tenant')
    .addOption(new Option('--state <state>', 'only those that stand there').choices(LISTED_STATES))
    .option('--from <time>', 'only those that begin then or later: 2026-01-05 or 2026-01-05T10:00:00Z')
    .option('--to <time>', 'only those that begin before')
    .option('--limit <number>', 'how many at most', positiveInteger(6), LIMIT_DEFAULT)
    .option('--json', 'print JSON')
    .action(list);
  windows
    .command('show <tenant> <window-start>')
    .description('everything about one window: where it stands, its publications and runs, cut-off, counts and trace')
    .option('--json', 'print JSON')
    .action(show);
  windows
    .command('lateness')
    .description('how late the events of a tenant come, by channel, and what its allowed lateness should be')
    .requiredOption('--tenant <id>', 'of which tenant')
    .option('--from <time>', `only events received then or later; without it ${LATENESS_DAYS} days before --to`)
    .option('--to <time>', 'only events received before; without it now')
    .option('--json', 'print JSON')
    .action(lateness);
  windows
    .command('close <tenant> <window-start>')
    .description(
      'closes a window now instead of after its allowed lateness, or computes an open one again; exit code 1 when nothing could be published',
    )
    .option('--json', 'print JSON')
    .action(close);
}

const NO_WINDOWS =
  'No such windows. They are found in the data, within a minute; those that an import holds, after its end.';

async function list(options: ListOptions): Promise<void> {
  const found = await withParts((parts) => listLines(parts, options));
  const lines = found.slice(0, options.limit);
  if (options.json === true) {
    printJson(lines);
    return;
  }
  if (lines.length === 0) {
    printProgress(NO_WINDOWS);
    return;
  }
  printTable(
    ['tenant', 'window', 'state', 'version', 'conversions', 'attributed', 'value', 'published', 'late rows'],
    lines.map(toRow),
  );
  if (found.length > lines.length) printProgress(`Only the newest ${options.limit}; for more: --limit`);
}

async function listLines({ env, clickhouse, pool }: Stores, options: ListOptions): Promise<WindowLine[]> {
  const tenants = await loadTenants(pool);
  if (options.tenant !== undefined) await loadSettings(pool, options.tenant);
  const filter = {
    tenantId: options.tenant,
    state: options.state,
    fromMs: options.from === undefined ? 0 : readWindowStart(options.from),
    toMs: options.to === undefined ? LAST_MOMENT_MS : readWindowStart(options.to),
    // One more, to know whether there are more.
    limit: options.limit + 1,
  };
  return withTemporal(env, (client) => readWindowLines({ clickhouse, client, tenants }, filter));
}

function toRow(line: WindowLine): (string | number)[] {
  return [
    line.tenant_id,
    windowText(Date.parse(line.window_start)),
    line.state,
    line.version,
    line.conversions,
    line.conversions_attributed,
    line.values.map(({ currency, value }) => moneyText(value, currency)).join(', '),
    line.published_at === null ? '' : `${line.published_at.slice(0, 19)}Z`,
    line.late_rows,
  ];
}

async function show(tenantId: string, start: string, { json }: { json?: boolean }): Promise<void> {
  const found = await withParts(async ({ env, clickhouse, pool }) => {
    const window = await windowOf(pool, tenantId, start);
    return withTemporal(env, (client) => readWindow({ clickhouse, client }, window));
  });
  if (json === true) printJson(windowJson(found));
  else printWindow(found);
}

async function lateness(options: { tenant: string; from?: string; to?: string; json?: boolean }): Promise<void> {
  const toMs = options.to === undefined ? Date.now() : readWindowStart(options.to);
  const fromMs = options.from === undefined ? toMs - LATENESS_DAYS * DAY_MS : readWindowStart(options.from);
  const report = await withParts(async ({ clickhouse, pool }) => {
    const { settings } = await loadSettings(pool, options.tenant);
    return readLatenessReport(clickhouse, { tenantId: options.tenant, settings, fromMs, toMs });
  });
  if (options.json === true) printJson(report);
  else printLateness(report);
}

async function close(tenantId: string, start: string, { json }: { json?: boolean }): Promise<void> {
  const interruption = onInterruption('Waiting for the window');
  try {
    const outcome = await withParts(async ({ env, pool }) => {
      const window = await windowOf(pool, tenantId, start);
      refuseUnended(window);
      return withTemporal(env, (client) => closeWithProgress(client, window, interruption.signal));
    });
    if (json === true) printJson(toJson(tenantId, start, outcome));
    else printOutcome(outcome);
    if (outcome.failure !== null) process.exitCode = 1;
  } catch (error) {
    if (!interruption.signal.aborted) throw error;
    printProgress('The window goes on with it. See: unmogrowp windows show');
    failWith(error, INTERRUPTED_EXIT_CODE);
  } finally {
    interruption.close();
  }
}

function toJson(tenantId: string, start: string, outcome: WindowOutcome): Record<string, unknown> {
  return {
    tenant_id: tenantId,
    window_start: toIso(readWindowStart(start)),
    state: outcome.state,
    version: outcome.publicationVersion,
    reason: outcome.reason,
    settings_version: outcome.settingsVersion,
    run_id: outcome.summary?.runId ?? null,
    conversions: outcome.summary?.conversions ?? null,
    conversions_attributed: outcome.summary?.conversionsAttributed ?? null,
    conversions_organic: outcome.summary?.conversionsOrganic ?? null,
    duration_ms: outcome.finishedAtMs - outcome.startedAtMs,
    trace_id: outcome.traceId,
    failure: outcome.failure,
  };
}

function printOutcome({ state, publicationVersion, summary, failure, traceId }: WindowOutcome): void {
  if (failure !== null) {
    printLine(
      `${state}: nothing was published, version ${publicationVersion} stays. ${failure.message} (${failure.code})`,
    );
  } else {
    const counts = `${countText(summary?.conversions ?? 0, 'conversion')}, ${summary?.conversionsAttributed ?? 0} attributed, ${summary?.conversionsOrganic ?? 0} organic`;
    printLine(`${state}: version ${publicationVersion}, ${counts}`);
  }
  printProgress(`trace: unmogrowp trace ${traceId}`);
}

/** Its workflow would refuse as well, but a mistyped year would leave it waiting for decades. */
function refuseUnended({ tenantId, windowEndMs }: WindowKey): void {
  if (windowEndMs <= Date.now()) return;
  throw new UnmogrowpError(
    'window_invalid',
    `The window of ${tenantId} ends at ${windowText(windowEndMs)} and can be closed after it.`,
  );
}

async function windowOf(pool: PostgresPool, tenantId: string, start: string): Promise<WindowKey> {
  const { settings } = await loadSettings(pool, tenantId);
  return windowAt(tenantId, settings.granularity, readWindowStart(start));
}

const withParts = <Result>(work: (stores: Stores) => Promise<Result>): Promise<Result> => withStores(APPLICATION, work);
