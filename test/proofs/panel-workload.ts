import { setTimeout as wait } from 'node:timers/promises';
import { increased } from '../../alerts/expressions.ts';
import { settingsSchema } from '../../events/settings.ts';
import { series } from '../../otel/promql.ts';
import { LOKI } from '../../otel/registry/external/loki.ts';
import { TEMPORAL_SDK } from '../../otel/registry/external/temporal-sdk.ts';
import { createTenant } from '../../postgres/tenants.ts';
import type { Client } from '../faults/client.ts';
import { untilNothingMissing } from '../faults/judge.ts';
import type { Stage } from '../faults/stage.ts';
import { releaseCarelessly } from './alerts/scenario-of-releases.ts';
import { provokeIncidents } from './panel-incidents.ts';
import type { Pipeline } from './pipeline.ts';
import type { ProofContext } from './run-proof.ts';
import { untilMeasured } from './until.ts';
import { sendWorkload, startLoad } from './workload.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const OUTAGE_MS = 6_000;
const SETTLED_MS_MAX = 90_000;

/** A tenant whose windows are final. */
export const FROZEN = 'frozen';

const dayText = (daysAgo: number): string => new Date(Date.now() - daysAgo * DAY_MS).toISOString().slice(0, 10);
/** The windows that are replayed: all that the tenant has. */
const RANGE = ['--tenant', 'plain', '--from', dayText(6), '--to', dayText(0), '--reason', 'a proof'] as const;

/**
 * What boards have something to show of: the usual workload, a load that goes on, a dry run and a replay that publishes, a
 * measured ledger, and spend. Gives what ends the load.
 */
export async function sendWhatBoardsShow(context: ProofContext): Promise<Client> {
  const { pipeline, seed, onProgress } = context;
  await sendWorkload(pipeline.stage, context);
  const load = await startLoad(pipeline.stage, { seed, tenantId: 'steady', requestsPerSecond: 4, events: 6_000 });
  onProgress('replays, the ledger and spend');
  await must(pipeline.unmogrowp('replay', ...RANGE, '--dry-run'));
  await must(pipeline.unmogrowp('replay', ...RANGE));
  await insertSpend(pipeline.stage);
  await pipeline.unmogrowp('reconcile');
  return load;
}

async function must(command: Promise<{ code: number; stderr: string; stdout: string }>): Promise<void> {
  const { code, stderr, stdout } = await command;
  if (code !== 0) throw new Error(`a command ended with ${code}: ${stderr}${stdout}`);
}

/** As an import of costs would leave it. */
async function insertSpend({ clickhouse }: Stage): Promise<void> {
  const query = `
    INSERT INTO spend_raw_v1 (tenant_id, day, app_id, channel, campaign, currency, amount)
    SELECT tenant_id, toDate(window_start), app_id, channel, campaign, currency, 25 + 10 * length(campaign)
    FROM board_credits
    WHERE campaign != '' AND currency != ''
    GROUP BY tenant_id, toDate(window_start), app_id, channel, campaign, currency`;
  await clickhouse.client.command({ query });
}

/**
 * What panels wait for that are empty in health: ClickHouse and Kafka away for some seconds, a tenant that sends too much, a
 * correction, an event that gets lost, one that comes when its window is final, log lines that Loki refuses, a release whose
 * workflows do not fit those under way, and incidents.
 */
export async function provokeWhatIsRare(context: ProofContext): Promise<void> {
  const { pipeline, onProgress, signal } = context;
  const { stage } = pipeline;
  onProgress('ClickHouse and Kafka are away for some seconds');
  for (const line of [stage.lines.clickhouse, stage.lines.kafka]) {
    await line.cut();
    await wait(OUTAGE_MS, undefined, { signal });
    await line.restore();
  }
  onProgress('a tenant sends more than it may, and other settings correct what was published');
  await must(pipeline.unmogrowp('tenant', 'limit', 'steady', '--events-per-second', '1'));
  await must(pipeline.unmogrowp('replay', ...RANGE, '--models', 'last_touch,linear'));
  onProgress('an event gets lost, and one comes when its window is final');
  await loseAnEvent(stage);
  await sendTooLate(stage, signal);
  await pipeline.unmogrowp('reconcile');
  onProgress('Loki refuses log lines, and a careless release takes the place of the worker');
  await sendOldLogLines(pipeline, signal);
  await meetCarelessRelease(context);
  onProgress('people are told of incidents, and one of them answers');
  await provokeIncidents(pipeline, signal);
}

async function loseAnEvent({ clickhouse }: Stage): Promise<void> {
  const condition = `tenant_id = 'repeating' AND event_id = (SELECT min(event_id) FROM arrivals_raw_v1 WHERE tenant_id = 'repeating')`;
  for (const table of ['events_raw_v1', 'arrivals_raw_v1']) {
    await clickhouse.client.command({
      query: `ALTER TABLE ${table} DELETE WHERE ${condition}`,
      clickhouse_settings: { mutations_sync: '2', allow_nondeterministic_mutations: 1 },
    });
  }
}

/** Lines from before what Loki keeps. It counts what it throws away from the first one on, so a rate needs a second. */
async function sendOldLogLines({ loki, prometheus }: Pipeline, signal: AbortSignal): Promise<void> {
  const old = { stream: { service: 'proof', level: 'info' }, atMs: Date.now() - 30 * DAY_MS, line: 'too old' };
  const isRefused = (): Promise<boolean> =>
    loki.push([old]).then(
      () => false,
      () => true,
    );
  for (const expression of [series(LOKI.linesDiscarded), increased(series(LOKI.linesDiscarded), '1m')]) {
    if (!(await isRefused())) throw new Error('Loki has taken a line that is 30 days old');
    await untilMeasured(prometheus, expression, signal);
  }
}

/** A worker of another release meets open windows, until it is seen that its workflows do not fit. */
async function meetCarelessRelease({ pipeline, seed, signal }: ProofContext): Promise<void> {
  const release = await releaseCarelessly({ pipeline, seed, signal });
  try {
    await untilMeasured(pipeline.prometheus, increased(series(TEMPORAL_SDK.workflowTaskFailures), '1m'), signal);
  } finally {
    await release.heal();
  }
}

/** A tenant whose windows are final a second after their first publication. */
async function sendTooLate(stage: Stage, signal: AbortSignal): Promise<void> {
  const settings = settingsSchema.parse({ granularity: '1h', allowed_lateness_seconds: 0, late_horizon_seconds: 1 });
  const { write_key: writeKey } = await createTenant(stage.postgres, { tenantId: FROZEN, settings });
  const occurredAt = new Date(Math.floor(Date.now() / HOUR_MS) * HOUR_MS - 5 * HOUR_MS).toISOString();
  await sendOne(stage, writeKey, occurredAt);
  await untilCounted(
    stage,
    `SELECT count() FROM board_windows WHERE tenant_id = '${FROZEN}' AND state = 'final'`,
    signal,
  );
  await sendOne(stage, writeKey, occurredAt);
  await untilCounted(
    stage,
    `SELECT count() FROM board_late_rows WHERE tenant_id = '${FROZEN}' AND is_beyond_horizon`,
    signal,
  );
}

async function sendOne({ ingestUrl }: Stage, writeKey: string, occurredAt: string): Promise<void> {
  const event = {
    type: 'conversion',
    name: 'purchase',
    app_id: 'shop',
    user_id: 'somebody',
    occurred_at: occurredAt,
    revenue: '9.90',
    currency: 'EUR',
  };
  const response = await fetch(`${ingestUrl}/v1/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${writeKey}`, connection: 'close' },
    body: JSON.stringify({ events: [event] }),
  });
  if (response.status !== 202)
    throw new Error(`an event was answered with ${response.status}: ${await response.text()}`);
  await response.arrayBuffer();
}

async function untilCounted({ clickhouse }: Stage, query: string, signal: AbortSignal): Promise<void> {
  const missing = async (): Promise<string | undefined> => {
    const result = await clickhouse.client.query({ query, format: 'JSONCompact' });
    const { data } = (await result.json()) as { data: [string][] };
    return Number(data[0]?.[0] ?? 0) > 0 ? undefined : query;
  };
  const text = await untilNothingMissing(missing, { timeoutMs: SETTLED_MS_MAX, signal });
  if (text !== undefined) throw new Error(`waited in vain for: ${text}`);
}
