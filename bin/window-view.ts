import { WorkflowNotFoundError } from '@temporalio/client';
import { type WindowClient, describeWindow, windowHandle, windowName } from '../activities/client.ts';
import type { WindowKey } from '../activities/contract.ts';
import { listWindows, readWindowRuns } from '../activities/window-list-queries.ts';
import { toIso, windowWorkflowId } from '../activities/window-range.ts';
import type { ClickHouse } from '../clickhouse/client.ts';
import { UnmogrowpError } from '../errors.ts';
import type { WindowDescription } from '../workflows/messages.ts';
import { moneyText } from './money-text.ts';
import { printFacts, printLine, printTable } from './output.ts';
import { type WindowLedger, ledgerFacts, readWindowLedger } from './window-ledger.ts';

const RUNS_MAX = 20;
/** A query waits for a worker; without one the rest is shown all the same. */
const QUERY_TIMEOUT_MS = 3_000;

/** Everything about one window, as `unmogrowp windows show` gives it. */
export interface WindowDetails {
  tenant_id: string;
  window_start: string;
  window_end: string;
  workflow_id: string;
  workflow_status: string | null;
  /** What the workflow says about itself; null when no worker answers or no workflow is known. */
  description: WindowDescription | null;
  /** Calls that are under way: how often they were tried, and what the last try said. */
  pending: { activity: string; attempt: number; last_failure: string | null }[];
  /** Rows that may change its credits and that none of its runs has seen. */
  late_rows: number;
  /** Rows that came after its late horizon: only a replay includes them. */
  late_beyond_horizon: number;
  values: { currency: string; value: string }[];
  ledger: WindowLedger;
  runs: Awaited<ReturnType<typeof readWindowRuns>>;
}

/** Reads a window from Temporal and the state of record. Throws `window_unknown` when neither knows it. */
export async function readWindow(
  parts: { clickhouse: ClickHouse; client: WindowClient },
  window: WindowKey,
): Promise<WindowDetails> {
  const { tenantId, windowStartMs, windowEndMs } = window;
  const range = { tenantId, fromMs: windowStartMs, toMs: windowEndMs, limit: 1 };
  const [workflow, runs, [listed]] = await Promise.all([
    readWorkflow(parts.client, window),
    readWindowRuns(parts.clickhouse, { tenantId, windowStartMs, runsMax: RUNS_MAX }),
    listWindows(parts.clickhouse, range),
  ]);
  if (workflow === undefined && runs.length === 0) {
    throw new UnmogrowpError(
      'window_unknown',
      `Nothing is known of ${windowName(window)}: no run, no workflow. Windows are found in the data. See: unmogrowp windows list`,
    );
  }
  return {
    tenant_id: tenantId,
    window_start: toIso(windowStartMs),
    window_end: toIso(windowEndMs),
    workflow_id: windowWorkflowId(window),
    workflow_status: workflow?.status ?? null,
    description: workflow?.description ?? null,
    pending: workflow?.pending ?? [],
    late_rows: listed?.lateRows ?? 0,
    late_beyond_horizon: listed?.lateBeyondHorizon ?? 0,
    values: (listed?.values ?? []).map(([currency, value]) => ({ currency, value })),
    ledger: await readWindowLedger(parts.clickhouse, window, runs),
    runs,
  };
}

interface Workflow {
  status: string;
  description: WindowDescription | null;
  pending: WindowDetails['pending'];
}

async function readWorkflow(client: WindowClient, window: WindowKey): Promise<Workflow | undefined> {
  try {
    const { status, raw } = await windowHandle(client, window).describe();
    const pending = (raw.pendingActivities ?? []).map(({ activityType, attempt, lastFailure }) => ({
      activity: activityType?.name ?? '',
      attempt: attempt ?? 1,
      last_failure: lastFailure?.message ?? null,
    }));
    const description = await client.temporal
      .withDeadline(Date.now() + QUERY_TIMEOUT_MS, () => describeWindow(client, window))
      .catch(() => undefined);
    return { status: status.name, pending, description: description ?? null };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

/** The same for people. */
export function printWindow(details: WindowDetails): void {
  const { description, runs } = details;
  printFacts(facts(details));
  const failure = description?.lastOutcome?.failure ?? null;
  if (failure !== null) printLine(`The last run published nothing: ${failure.message} (${failure.code})`);
  for (const { activity, attempt, last_failure: lastFailure } of details.pending) {
    printLine(
      `${activity}: attempt ${attempt}${lastFailure === null ? '' : `, the one before failed: ${lastFailure}`}`,
    );
  }
  if (runs.length === 0) return;
  printLine();
  const hasReplay = runs.some(({ replayId }) => replayId !== '');
  printTable(
    [...RUN_COLUMNS, ...(hasReplay ? ['replay'] : [])],
    runs.map((run) => [...runRow(run), ...(hasReplay ? [run.replayId] : [])]),
  );
}

const RUN_COLUMNS = [
  'run',
  'state',
  'version',
  'reason',
  'started',
  'ms',
  'conversions',
  'attributed',
  'organic',
  'credits',
  'settings',
  'trace',
];

const runRow = (run: WindowDetails['runs'][number]): (string | number)[] => [
  run.runId.slice(0, 8),
  run.state,
  run.version === 0 ? '' : String(run.version),
  run.reason,
  secondText(run.startedAtMs),
  run.durationMs,
  run.conversions,
  run.conversionsAttributed,
  run.conversionsOrganic,
  run.credits,
  run.settingsVersion,
  run.traceId,
];

const secondText = (epochMs: number): string => `${new Date(epochMs).toISOString().slice(0, 19)}Z`;

function lateRowsText({ late_rows: late, late_beyond_horizon: beyond }: WindowDetails): string {
  const text = late === 0 ? '0' : `${late} that no run has seen`;
  return beyond === 0 ? text : `${text}; ${beyond} came after the late horizon, and only a replay includes them`;
}

function facts(details: WindowDetails): [string, string][] {
  const { description, runs } = details;
  const current = runs.filter(({ version }) => version > 0).sort((left, right) => right.version - left.version)[0];
  const moment = (epochMs: number | null = null): string => (epochMs === null ? '' : secondText(epochMs));
  const until = description?.nextDeadlineMs ?? null;
  const freezes = description?.freezesAtMs ?? null;
  const newest = runs[0];
  return [
    ['window', `${details.tenant_id} ${details.window_start} to ${details.window_end}`],
    ['state', description === null ? (details.workflow_status ?? 'no workflow').toLowerCase() : description.phase],
    ['since', moment(description?.phaseSinceMs)],
    ['waits for', description?.waitsFor ?? ''],
    ['until', moment(until)],
    ['late data', description?.isReopenPending === true ? 'found, the next run is due' : ''],
    ['freezes', freezes === until ? '' : moment(freezes)],
    [
      'version',
      current === undefined ? 'nothing is published' : `${current.version} of ${moment(current.publishedAtMs)}`,
    ],
    ['value', details.values.map(({ currency, value }) => moneyText(value, currency)).join(', ')],
    ['late rows', lateRowsText(details)],
    ...ledgerFacts(details.ledger),
    [
      'cut-off',
      Object.entries(newest?.cutoff ?? {})
        .map(([topic, offsets]) => `${topic}: ${offsets.join(' ')}`)
        .join('; '),
    ],
    ['code', newest?.codeVersion ?? ''],
    ['workflow', details.workflow_id],
  ];
}
