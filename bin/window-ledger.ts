import type { WindowKey } from '../activities/contract.ts';
import { countWindowConversions, readHoursOfWindow, readLedger } from '../activities/ledger-queries.ts';
import { HOUR_MS } from '../activities/ledger-hours.ts';
import type { readWindowRuns } from '../activities/window-list-queries.ts';
import type { ClickHouse } from '../clickhouse/client.ts';
import { FAULTS, differencesText, sumOf } from '../events/ledger.ts';
import { countText } from './output.ts';
import { windowText } from './window-time.ts';

type Runs = Awaited<ReturnType<typeof readWindowRuns>>;

/** What the ledger says of the hours in which the rows of a window were received, and of its conversions. */
export interface WindowLedger {
  /** Hours of receipt of its rows. */
  hours: number;
  /** How many of them were measured. */
  hours_measured: number;
  /** Hours of receipt in which events got lost that may belong to it, or lack their credit. */
  faults: { hour: string; differences: Record<string, number> }[];
  /** Null when nothing is published. inside = credited + organic + not_counted. */
  conversions: { inside: number; credited: number; organic: number; not_counted: number } | null;
}

/** Reads what the ledger was last told; it measures nothing. */
export async function readWindowLedger(clickhouse: ClickHouse, window: WindowKey, runs: Runs): Promise<WindowLedger> {
  const { tenantId, windowStartMs, windowEndMs } = window;
  const received = (await readHoursOfWindow(clickhouse, { tenantId, windowStartMs, windowEndMs })).map(
    ({ hourMs }) => hourMs,
  );
  const fromMs = Math.min(windowStartMs, ...received);
  const toMs = Math.max(windowEndMs, ...received.map((hourMs) => hourMs + HOUR_MS));
  const own = new Set(received);
  const ledger = (await readLedger(clickhouse, { tenantId, fromMs, toMs })).filter(
    ({ hourMs }) => own.has(hourMs) || (hourMs >= windowStartMs && hourMs < windowEndMs),
  );
  return {
    hours: received.length,
    hours_measured: ledger.filter(({ hourMs }) => own.has(hourMs)).length,
    faults: ledger
      .filter(({ differences }) => sumOf(differences, FAULTS) > 0)
      .map(({ hourMs, differences }) => ({ hour: new Date(hourMs).toISOString(), differences })),
    conversions: await readConversions(clickhouse, window, runs),
  };
}

async function readConversions(
  clickhouse: ClickHouse,
  { tenantId, windowStartMs, windowEndMs }: WindowKey,
  runs: Runs,
): Promise<WindowLedger['conversions']> {
  const [current] = runs.filter(({ version }) => version > 0).sort((left, right) => right.version - left.version);
  if (current === undefined) return null;
  const [counted] = await countWindowConversions(clickhouse, { tenantId, windowStartMs, windowEndMs });
  return {
    inside: counted?.conversions ?? 0,
    credited: current.conversionsAttributed,
    organic: current.conversionsOrganic,
    not_counted: counted?.notCounted ?? 0,
  };
}

/** The same for people, one fact a line. */
export function ledgerFacts({
  hours,
  hours_measured: measured,
  faults,
  conversions,
}: WindowLedger): [string, string][] {
  const open = hours - measured;
  const some = open === 0 ? '' : `; ${countText(open, 'hour')} not measured yet`;
  const faulty = faults.map(
    ({ hour, differences }) => `${windowText(Date.parse(hour))} ${differencesText(differences, FAULTS)}`,
  );
  const sides = faulty.length > 0 ? `does not add up: ${faulty.join('; ')}` : 'adds up';
  const { inside = 0, credited = 0, organic = 0, not_counted: notCounted = 0 } = conversions ?? {};
  return [
    ['ledger', hours === 0 ? '' : `${measured === 0 && faulty.length === 0 ? 'nothing is known' : sides}${some}`],
    [
      'conversions',
      conversions === null ? '' : `${inside} = ${credited} credited + ${organic} organic + ${notCounted} not counted`,
    ],
  ];
}
