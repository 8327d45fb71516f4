import { setTimeout as wait } from 'node:timers/promises';
import { type ClickHouse, createClickHouse } from '../clickhouse/client.ts';
import {
  readCreditedByModel,
  readLateWindows,
  readStatesOfWindows,
  readWindowsWithRows,
} from '../clickhouse/windows-of-range.ts';
import type { Env } from '../env.ts';
import { UnmogrowpError } from '../errors.ts';
import { GRANULARITY_SECONDS, MODELS, type Settings } from '../events/settings.ts';
import type { TimeRange } from '../importers/time-range.ts';
import { topicName } from '../kafka/topics.ts';
import type { PostgresPool } from '../postgres/pool.ts';
import { loadSettings } from '../postgres/settings.ts';
import { listTouchedOf, loadExamined } from '../postgres/touched-windows.ts';
import { waitForSink } from './arrival.ts';
import { clickHouseConnection } from './clickhouse-connection.ts';
import { countText, printLine, printTable } from './output.ts';
import { startProgressBar } from './progress-bar.ts';
import { reconcileNow } from './reconcile-now.ts';
import { withTemporal } from './temporal.ts';
import { createWaitsFor } from './waits-for.ts';
import { windowText } from './window-time.ts';

/** How a window stands when nobody waits for it any more. */
export interface ClosedWindow {
  window_start: string;
  window_end: string;
  /** `not_due`: its end and its allowed lateness lie ahead. `frozen`: closed for good before these events came. */
  state: 'published' | 'not_due' | 'frozen';
  /** 0 while nothing is published of it. */
  version: number;
  conversions: number;
  credited: number;
  organic: number;
}

export interface ClosedWindows {
  windows: ClosedWindow[];
  conversions: number;
  credited: number;
  organic: number;
  by_model: { model: string; credit: string; credited: string; organic: string }[];
}

export interface ClosingOptions {
  env: Env;
  pool: PostgresPool;
  tenantId: string;
  range: TimeRange;
  waitMs: number;
  signal?: AbortSignal;
}

const POLL_MS = 300;

/**
 * Waits until everything that was accepted is in ClickHouse and the windows of the range that are due are published with
 * it. Throws `arrival_incomplete` when that takes too long.
 */
export async function closeImportedWindows(options: ClosingOptions): Promise<ClosedWindows> {
  const { env, pool, tenantId, range, signal } = options;
  const giveUpAt = performance.now() + options.waitMs;
  const arrivedUntil = await waitForSink({ env, pool, giveUpAt, signal });
  const { settings } = await loadSettings(pool, tenantId);
  const clickhouse = createClickHouse(clickHouseConnection(env, 'unmogrowp import'));
  try {
    const place = placeOf(tenantId, range, settings);
    await reconcileNow(env);
    const waiting = { env, pool, arrivedUntil, place, settings, giveUpAt, signal };
    const windows = await withTemporal(env, (client) =>
      waitForWindows(clickhouse, waiting, createWaitsFor(client, { tenantId, granularity: settings.granularity })),
    );
    const byModel = await readCreditedByModel(clickhouse, place);
    const sum = (field: 'conversions' | 'credited' | 'organic') =>
      windows.reduce((total, window) => total + window[field], 0);
    return {
      windows,
      conversions: sum('conversions'),
      credited: sum('credited'),
      organic: sum('organic'),
      by_model: byModel.toSorted((left, right) => modelRank(left.model) - modelRank(right.model)),
    };
  } finally {
    await clickhouse.close();
  }
}

const modelRank = (model: string): number => (MODELS as readonly string[]).indexOf(model);

interface Place {
  tenantId: string;
  windowsFromSeconds: number;
  windowsToSeconds: number;
}

/** The windows that a range of event time touches. */
function placeOf(tenantId: string, range: TimeRange, settings: Settings): Place {
  const size = GRANULARITY_SECONDS[settings.granularity];
  const startOf = (epochMs: number) => Math.floor(epochMs / 1_000 / size) * size;
  return { tenantId, windowsFromSeconds: startOf(range.start), windowsToSeconds: startOf(range.end) + size };
}

interface Waiting {
  env: Env;
  pool: PostgresPool;
  /** The next offset of each partition after all that was accepted. */
  arrivedUntil: readonly number[];
  place: Place;
  settings: Settings;
  giveUpAt: number;
  signal: AbortSignal | undefined;
}

async function waitForWindows(
  clickhouse: ClickHouse,
  waiting: Waiting,
  waitsFor: (windowStartMs: number) => Promise<string>,
): Promise<ClosedWindow[]> {
  let bar: ReturnType<typeof startProgressBar> | undefined;
  try {
    for (;;) {
      const windows = await readWindows(clickhouse, waiting);
      const open = windows.filter(({ state }) => state === 'open');
      bar ??= startProgressBar('windows', windows.length);
      const closed = windows.length - open.length;
      const [first] = open;
      const reason = first === undefined ? '' : await waitsFor(Date.parse(first.window_start));
      bar.update(
        closed,
        `${closed} of ${windows.length} published with all of it${reason === '' ? '' : `; the next one waits for ${reason}`}`,
      );
      if (first === undefined) return windows as ClosedWindow[];
      waiting.signal?.throwIfAborted();
      if (performance.now() > waiting.giveUpAt) throw notPublished(open);
      await wait(POLL_MS);
    }
  } finally {
    bar?.stop();
  }
}

const notPublished = (open: readonly { window_start: string }[]): UnmogrowpError =>
  new UnmogrowpError(
    'arrival_incomplete',
    `${open.length} windows are not published yet, the first of them of ${open[0]?.window_start ?? ''}. ` +
      'They close by themselves. See: unmogrowp windows list',
  );

type WindowNow = Omit<ClosedWindow, 'state'> & { state: ClosedWindow['state'] | 'open' };

async function readWindows(clickhouse: ClickHouse, waiting: Waiting): Promise<WindowNow[]> {
  const { place, settings } = waiting;
  const granularitySeconds = GRANULARITY_SECONDS[settings.granularity];
  // In this order: late rows are stored before they count as examined, and from then until it is told a window is untold.
  const isExamined = await hasExaminedAll(waiting);
  const untold = await untoldStarts(waiting);
  const late = new Map((await readLateWindows(clickhouse, place)).map((window) => [window.windowStartMs, window]));
  const states = new Map((await readStatesOfWindows(clickhouse, place)).map((state) => [state.windowStartMs, state]));
  const withRows = await readWindowsWithRows(clickhouse, { ...place, granularitySeconds });
  return withRows.map(({ windowStartMs }): WindowNow => {
    const state = states.get(windowStartMs);
    const endMs = windowStartMs + granularitySeconds * 1_000;
    const isSettled = isExamined && !untold.has(windowStartMs);
    return {
      window_start: new Date(windowStartMs).toISOString(),
      window_end: new Date(endMs).toISOString(),
      state:
        state === undefined
          ? stateOfUnpublished(settings, endMs)
          : stateOfPublished(isSettled, late.get(windowStartMs)?.isFrozen),
      version: state?.version ?? 0,
      conversions: state?.conversions ?? 0,
      credited: state?.conversionsAttributed ?? 0,
      organic: state?.conversionsOrganic ?? 0,
    };
  });
}

/** Whether it is known of all that has arrived which windows it concerns. */
async function hasExaminedAll({ env, pool, arrivedUntil }: Waiting): Promise<boolean> {
  const examined = await loadExamined(pool, topicName(env.KAFKA_PREFIX, 'events'));
  return arrivedUntil.every(
    (offset, partition) => (examined.find((entry) => entry.partition === partition)?.next_offset ?? 0) >= offset,
  );
}

async function untoldStarts({ pool, place }: Waiting): Promise<Set<number>> {
  const untold = await listTouchedOf(pool, {
    tenantId: place.tenantId,
    from: new Date(place.windowsFromSeconds * 1_000),
    to: new Date(place.windowsToSeconds * 1_000),
  });
  return new Set(untold.map((start) => start.getTime()));
}

const stateOfUnpublished = (settings: Settings, windowEndMs: number): WindowNow['state'] =>
  windowEndMs + settings.allowed_lateness_seconds * 1_000 > Date.now() ? 'not_due' : 'open';

/** `isFrozen` says whether late rows that it lacks came after its horizon; undefined when it lacks none. */
function stateOfPublished(isSettled: boolean, isFrozen: boolean | undefined): WindowNow['state'] {
  if (!isSettled || isFrozen === false) return 'open';
  return isFrozen === true ? 'frozen' : 'published';
}

/** The windows of an import and what was credited in them, for people. */
export function printWindows(closed: ClosedWindows): void {
  printTable(
    ['window', 'state', 'version', 'conversions', 'credited', 'organic'],
    closed.windows.map((window) => [
      windowText(Date.parse(window.window_start)),
      window.state.replace('_', ' '),
      window.version,
      window.conversions,
      window.credited,
      window.organic,
    ]),
  );
  if (closed.by_model.length > 0)
    printTable(
      ['model', 'conversions', 'credited', 'organic'],
      closed.by_model.map(({ model, credit, credited, organic }) => [
        model,
        ...[credit, credited, organic].map(Number),
      ]),
    );
  printLine(
    `${countText(closed.windows.length, 'window')}, ${countText(closed.conversions, 'conversion')}: ` +
      `${closed.credited} credited to channels, ${closed.organic} organic`,
  );
}
