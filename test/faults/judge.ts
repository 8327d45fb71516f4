import { setTimeout as wait } from 'node:timers/promises';
import type { ClickHouse } from '../../clickhouse/client.ts';
import { headerOf } from '../../kafka/fetcher.ts';
import { scanTopic } from '../../kafka/scan.ts';
import { sinkGroup, topicName } from '../../kafka/topics.ts';
import { kafkaConnection } from '../../bin/kafka-connection.ts';
import { openSpools } from '../../postgres/spools.ts';
import { PIPELINE_PROCESSES, PART_NAMES } from '../../stack/types.ts';
import type { Stage } from './stage.ts';

/** Within this time after a fault everything that was acknowledged is stored, and the lag is zero. */
export const STORED_MS_MAX = 60_000;
/** Within this time after a fault all credits are right: work of a dead worker is noticed by its silence of 30 s. */
export const CREDITED_MS_MAX = 120_000;
const POLL_MS = 100;
const SCAN_BYTES_MAX = 4_000_000_000;

/** What readers of a tenant see, against what was acknowledged. */
export interface Found {
  /** Acknowledged, and no reader sees it. */
  readonly lost: number;
  /** Seen more than once, or stored twice from one place on Kafka where nothing has to be. */
  readonly double: number;
}

/** Waits until a condition holds; gives what is still missing when the time is over, or undefined. */
export async function untilNothingMissing(
  missing: () => Promise<string | undefined>,
  { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal },
): Promise<string | undefined> {
  const giveUpAt = performance.now() + timeoutMs;
  for (;;) {
    signal.throwIfAborted();
    const text = await missing().catch((error: unknown) => `a question failed: ${String(error)}`);
    if (text === undefined || performance.now() > giveUpAt) return text;
    await wait(POLL_MS);
  }
}

/** What lies between ingest and ClickHouse: on spools, and on Kafka behind what the sink has committed. */
export async function lagOf(stage: Stage): Promise<string | undefined> {
  const { env, kafka, postgres } = stage;
  const spools = await openSpools(postgres);
  if (spools.length > 0) return `${spools.length} spools hold records`;
  const topic = topicName(env.KAFKA_PREFIX, 'events');
  const ends = await endsOfEvents(stage);
  const committed = await kafka.committedOffsets(sinkGroup(env.KAFKA_PREFIX), topic);
  const behind = ends.reduce((sum, end, partition) => sum + Math.max(0, end - (committed[partition] ?? 0)), 0);
  return behind === 0 ? undefined : `the sink lacks ${behind} records`;
}

/** What does not say that it is well: our processes, and the parts. */
export async function unwell({ processes, parts }: Stage): Promise<string | undefined> {
  const answers = await Promise.all([
    ...PIPELINE_PROCESSES.map((name) => processes[name].problem()),
    ...PART_NAMES.map(async (name) =>
      parts[name].check().then(
        () => undefined,
        (error: unknown) => `${name} does not answer: ${String(error)}`,
      ),
    ),
  ]);
  return answers.find((answer) => answer !== undefined);
}

/** A tenant, what was acknowledged for it, and where Kafka ended before it had sent anything. */
export interface Sent {
  readonly tenantId: string;
  readonly acknowledged: ReadonlySet<string>;
  readonly from: readonly number[];
  /** Whether ClickHouse was killed while its events came: what it lost then is inserted once more with all that came with it. */
  readonly mayBeStoredTwice: boolean;
}

/** Where each partition of the topic of events ends now. */
export const endsOfEvents = ({ env, kafka }: Stage): Promise<number[]> =>
  kafka.endOffsets(topicName(env.KAFKA_PREFIX, 'events'));

/** Compares what readers see with what was acknowledged, and what is stored with what lies on Kafka. */
export async function findEvents(stage: Stage, sent: Sent): Promise<Found> {
  const { tenantId, acknowledged, from, mayBeStoredTwice } = sent;
  const { clickhouse } = stage;
  const seen = await rowsOf<{ id: string; copies: number }>(
    clickhouse,
    'SELECT toString(event_id) AS id, count() AS copies FROM events WHERE tenant_id = {tenantId:String} GROUP BY id',
    { tenantId },
  );
  const ids = new Set(seen.map(({ id }) => id));
  const unseen = [...acknowledged].filter((id) => !ids.has(id)).length;
  const seenAgain = seen.reduce((sum, { copies }) => sum + copies - 1, 0);
  const [stored = { rows: 0, arrivals: 0, ids: 0, arrivedIds: 0 }] = await rowsOf<
    Record<'rows' | 'arrivals' | 'ids' | 'arrivedIds', number>
  >(
    clickhouse,
    `SELECT rows, arrivals, ids, arrivedIds FROM
       (SELECT count() AS rows, uniqExact(event_id) AS ids FROM events_raw_v1 WHERE tenant_id = {tenantId:String}) AS stored,
       (SELECT count() AS arrivals, uniqExact(event_id) AS arrivedIds FROM arrivals_raw_v1 WHERE tenant_id = {tenantId:String}) AS arrived`,
    { tenantId },
  );
  const onKafka = await rowsOnKafka(stage, tenantId, from);
  // A copy that a client sent twice lies twice on Kafka; what the sink stored twice does not.
  const differences = [stored.rows - onKafka, stored.arrivals - onKafka];
  // What is stored twice could hide what is not stored at all.
  const lacking = [...differences.map((difference) => -difference), Math.abs(stored.ids - stored.arrivedIds)];
  return {
    lost: unseen + Math.max(0, ...lacking),
    double: seenAgain + (mayBeStoredTwice ? 0 : Math.max(0, ...differences)),
  };
}

async function rowsOnKafka(stage: Stage, tenantId: string, from: readonly number[]): Promise<number> {
  const { env } = stage;
  const to = await endsOfEvents(stage);
  let rows = 0;
  await scanTopic(kafkaConnection(env, 'faults'), {
    topic: topicName(env.KAFKA_PREFIX, 'events'),
    from: to.map((_, partition) => from[partition] ?? 0),
    to,
    bytesMax: SCAN_BYTES_MAX,
    onRecord: (record) => {
      if (headerOf(record, 'tenant_id') === tenantId) rows += Number(headerOf(record, 'row_count') ?? 0);
    },
  });
  return rows;
}

/** Credits of two tenants that got the same events, compared by all that a credit says but its run. */
export async function differingCredits(
  { clickhouse }: Stage,
  [tenantId, twinId]: readonly [string, string],
): Promise<string | undefined> {
  const rows = await rowsOf<{ window: string; credits: number }>(
    clickhouse,
    `SELECT toString(window_start) AS window, count() AS credits FROM (
       SELECT * EXCEPT (tenant_id, run_id), countIf(tenant_id = {tenantId:String}) AS mine,
         countIf(tenant_id = {twinId:String}) AS twins
       FROM credits WHERE tenant_id IN ({tenantId:String}, {twinId:String})
       GROUP BY ALL HAVING mine != twins
     ) GROUP BY window ORDER BY window`,
    { tenantId, twinId },
  );
  if (rows.length === 0) return undefined;
  return `credits differ from the twin's: ${rows.map(({ window, credits }) => `${credits} of ${window}`).join(', ')}`;
}

/** Whether every model has given each conversion exactly once; what is missing otherwise. */
export async function missingCredits(
  { clickhouse }: Stage,
  { tenantId, conversions }: { tenantId: string; conversions: number },
): Promise<string | undefined> {
  const rows = await rowsOf<{ model: string; credit: string }>(
    clickhouse,
    'SELECT model, toString(sum(credit)) AS credit FROM credits WHERE tenant_id = {tenantId:String} GROUP BY model',
    { tenantId },
  );
  const wrong = rows.filter(({ credit }) => Number(credit) !== conversions);
  if (rows.length > 0 && wrong.length === 0) return undefined;
  return `${conversions} conversions, and ${wrong.map(({ model, credit }) => `${model} gives ${credit}`).join(', ') || 'no credits'}`;
}

async function rowsOf<Row>(
  clickhouse: ClickHouse,
  query: string,
  query_params: Readonly<Record<string, unknown>>,
): Promise<Row[]> {
  const result = await clickhouse.client.query({ query, query_params: { ...query_params }, format: 'JSONEachRow' });
  return result.json<Row>();
}
