import { randomUUID } from 'node:crypto';
import type { WindowKey } from '../activities/contract.ts';
import {
  type Run,
  computeCredits,
  insertPublication,
  insertRun,
  readCurrentPublication,
  readExpectedTotals,
  readRunTotals,
} from '../activities/run-queries.ts';
import { summarize } from '../activities/verify-totals.ts';
import { creditParameters } from '../attribution/parameters.ts';
import type { ClickHouse } from '../clickhouse/client.ts';
import type { Cutoff } from '../events/cutoff.ts';
import type { Settings } from '../events/settings.ts';

/** The least that computes and publishes windows: the statements of a run, and nothing around them. */
export async function bareLoop(
  clickhouse: ClickHouse,
  work: { windows: readonly WindowKey[]; atOnce: number; settings: Settings; cutoff: Cutoff },
): Promise<void> {
  const left = [...work.windows];
  const loop = async () => {
    for (let window = left.shift(); window !== undefined; window = left.shift()) {
      await publishWindow(clickhouse, window, work);
    }
  };
  await Promise.all(Array.from({ length: work.atOnce }, loop));
}

async function publishWindow(
  clickhouse: ClickHouse,
  window: WindowKey,
  { settings, cutoff }: { settings: Settings; cutoff: Cutoff },
): Promise<void> {
  const { tenantId, windowStartMs, windowEndMs } = window;
  const key = { tenantId, windowStartMs };
  const runId = randomUUID();
  const startedAtMs = Date.now();
  await computeCredits(clickhouse, creditParameters({ ...key, windowEndMs, runId, cutoff, settings }));
  const finishedAtMs = Date.now();
  const [, totals] = await Promise.all([
    readCurrentPublication(clickhouse, key),
    readRunTotals(clickhouse, { ...key, runId }),
    readExpectedTotals(clickhouse, {
      ...key,
      windowEndMs,
      cutoff: { ...cutoff },
      conversionNames: settings.conversion_names,
    }),
  ]);
  const counts = summarize(totals);
  const run: Run = {
    ...window,
    ...counts,
    runId,
    state: 'computed',
    reason: 'replay',
    settingsVersion: 1,
    settings: JSON.stringify(settings),
    cutoff: { ...cutoff },
    codeVersion: 'bench',
    traceId: '',
    startedAtMs,
    finishedAtMs,
    replayId: '',
    conversionsAttributed: counts.conversions - counts.conversionsOrganic,
  };
  await insertRun(clickhouse, run);
  await insertPublication(clickhouse, {
    ...window,
    runId,
    version: 1,
    reason: 'replay',
    settingsVersion: 1,
    publishedAtMs: Date.now(),
    traceId: '',
  });
  await readCurrentPublication(clickhouse, key);
  await insertRun(clickhouse, { ...run, state: 'published' });
}
