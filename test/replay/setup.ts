import { randomUUID } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import { closeWindow } from '../../activities/client.ts';
import type { WindowKey } from '../../activities/contract.ts';
import type { ReplayCounts, ReplayOperation } from '../../activities/replay-contract.ts';
import { replayHandle, startReplay } from '../../activities/replay-client.ts';
import { readReplayRun } from '../../activities/replay-queries.ts';
import { type Run, readRun } from '../../activities/run-queries.ts';
import { type NewReplay, type Replay, beginOperation, createReplay } from '../../postgres/replays.ts';
import type { Settings } from '../../events/settings.ts';
import { type Parts, journey, newTenant, pastDay } from '../windows/setup.ts';

/** Some days of a new tenant, the oldest first, each with one purchase after a click of `search`, and published. */
export async function publishedDays(
  parts: Parts,
  count: number,
  settings: Partial<Settings> = {},
): Promise<{ tenantId: string; days: WindowKey[] }> {
  // So long a lateness that no window closes by itself before it is closed on command.
  const tenantId = await newTenant(parts.pool, { allowed_lateness_seconds: 30 * 86_400, ...settings });
  const days = Array.from({ length: count }, (_, index) => pastDay(tenantId, count + 2 - index));
  await parts.produce(days.flatMap(({ windowStartMs }) => journey(tenantId, windowStartMs)));
  await parts.sink();
  for (const day of days) await close(parts, day);
  return { tenantId, days };
}

export const close = ({ windows }: Parts, window: WindowKey) => closeWindow(windows, window, randomUUID());

/** One more purchase of the day, after a click of this channel. */
export async function addJourney(parts: Parts, window: WindowKey, channel: string): Promise<void> {
  await parts.produce(journey(window.tenantId, window.windowStartMs + 7_200_000, channel));
  await parts.sink();
}

/** Starts a replay of these days; all else is as usual unless it is named. */
export async function startReplayOf(
  parts: Parts,
  days: readonly WindowKey[],
  more: Partial<NewReplay> = {},
): Promise<Replay> {
  const [first, last] = [days[0] as WindowKey, days.at(-1) as WindowKey];
  const replay = await createReplay(parts.pool, {
    replayId: uuidv7(),
    tenantId: first.tenantId,
    rangeStart: new Date(first.windowStartMs),
    rangeEnd: new Date(last.windowEndMs),
    reason: 'a test',
    requestedBy: 'test',
    settings: { kind: 'in_force' },
    asOf: null,
    isDryRun: false,
    concurrency: 3,
    codeVersion: 'test',
    ...more,
  });
  await startReplay(parts.windows, { replayId: replay.replay_id, operation: 'run' });
  return replay;
}

/** A replay of these days to its end, with what became of its windows. */
export async function replayOf(
  parts: Parts,
  days: readonly WindowKey[],
  more: Partial<NewReplay> = {},
): Promise<{ replayId: string; counts: ReplayCounts }> {
  const { replay_id: replayId } = await startReplayOf(parts, days, more);
  return { replayId, counts: await endOf(parts, replayId, 'run') };
}

/** What has become of all windows when the operation has ended. */
export const endOf = (parts: Parts, replayId: string, operation: ReplayOperation): Promise<ReplayCounts> =>
  replayHandle(parts.windows, replayId, operation).result();

/** Publishes a dry run or rolls a replay back, to its end. */
export async function operate(
  parts: Parts,
  replayId: string,
  operation: 'publish' | 'rollback',
): Promise<ReplayCounts> {
  const request = { operation, by: 'test', note: '', actionKey: randomUUID() };
  await beginOperation(parts.pool, replayId, request);
  await startReplay(parts.windows, { replayId, operation });
  return endOf(parts, replayId, operation);
}

/** The run that a replay made for a window. */
export async function runOf(parts: Parts, replayId: string, window: WindowKey): Promise<Run | undefined> {
  const { tenantId, windowStartMs } = window;
  const [recorded] = await readReplayRun(parts.clickhouse, { replayId, windowStartMs });
  if (recorded === undefined) return undefined;
  return (await readRun(parts.clickhouse, { tenantId, windowStartMs, runId: recorded.runId }))[0];
}

/** Every credit of a run but the run's own name, in a fixed order. */
export async function creditsOfRun({ clickhouse }: Parts, runId: string): Promise<unknown[]> {
  const result = await clickhouse.client.query({
    query: `SELECT * EXCEPT (run_id) FROM credits_raw_v1 WHERE run_id = {runId:UUID}
      ORDER BY model, conversion_event_id, position`,
    query_params: { runId },
    format: 'JSONEachRow',
  });
  return result.json();
}

/** Versions of a window with why they were published and by which settings, the oldest first. */
export async function publicationsOf({ clickhouse }: Parts, window: WindowKey): Promise<string[]> {
  const result = await clickhouse.client.query({
    query: `SELECT version, toString(reason) AS reason, settings_version FROM publications_raw_v1 FINAL
      WHERE tenant_id = {tenantId:String} AND window_start = toDateTime({seconds:UInt32}, 'UTC') ORDER BY version`,
    query_params: { tenantId: window.tenantId, seconds: window.windowStartMs / 1_000 },
    format: 'JSONEachRow',
  });
  const rows = await result.json<{ version: number; reason: string; settings_version: number }>();
  return rows.map((row) => `${row.version} ${row.reason} settings ${row.settings_version}`);
}
