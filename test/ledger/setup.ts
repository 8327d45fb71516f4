import { randomUUID } from 'node:crypto';
import { afterAll, expect } from 'vitest';
import { kafkaConnection } from '../../bin/kafka-connection.ts';
import type { EventRow } from '../../events/row.ts';
import { packRecords } from '../../ingest/records.ts';
import { createRecordProducer } from '../../kafka/producer.ts';
import { saveAcceptedEvents } from '../../postgres/accepted-events.ts';
import { type Result, unmogrowp } from '../replay/command.ts';
import { type SinkProcess, startSinkProcess } from '../sink/setup.ts';
import { testEnv } from '../support/parts.ts';
import { type Parts, TOPIC, event, newTenant, purchase, startParts } from '../windows/setup.ts';

export const HOUR_MS = 3_600_000;
export const UNSAMPLED = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00';

/** An hour of receipt that is over. */
export const PAST_HOUR_MS = Math.floor(Date.now() / HOUR_MS - 3) * HOUR_MS;

/** One hour of the ledger, as `unmogrowp reconcile --json` gives it. */
export interface HourJson {
  tenant_id: string;
  hour: string;
  accepted: number;
  spooled: number;
  on_kafka: number;
  dead_lettered: number;
  in_clickhouse: number;
  duplicates_removed: number;
  events: number;
  inside_windows: number;
  waiting: number;
  late_beyond_horizon: number;
  conversions: number;
  credited: number;
  organic: number;
  not_counted: number;
  differences: Record<string, number>;
  accepted_loss: { events: number; accepted_by: string; reason: string } | null;
  adds_up: boolean;
  is_over: boolean;
}

export interface LedgerTest extends Parts {
  sinkProcess: SinkProcess;
  /** What ingest does with the rows of one request: counts them, unless it is killed before, and puts them on Kafka. */
  accept(rows: readonly EventRow[], options?: { isCounted?: boolean }): Promise<void>;
  /** Runs a statement that changes rows, until it has changed them. */
  change(statement: string): Promise<void>;
  /** Takes rows away and gives what puts them back; of arrivals as well unless it is said otherwise. */
  takeAway(condition: string, tables?: readonly string[]): Promise<() => Promise<void>>;
}

/** The real parts with a sink that runs. */
export async function startLedgerParts(): Promise<LedgerTest> {
  const parts = await startParts();
  const sinkProcess = await startSinkProcess();
  const producer = createRecordProducer(kafkaConnection(testEnv, 'test'));
  afterAll(async () => {
    await producer.close();
    expect(await sinkProcess.end('SIGTERM')).toBe(0);
  });
  const { clickhouse, pool } = parts;

  async function accept(rows: readonly EventRow[], { isCounted = true } = {}): Promise<void> {
    const tenantId = rows[0]?.tenant_id ?? '';
    const records = packRecords(rows, testEnv.KAFKA_EVENTS_PARTITIONS, { tenantId, traceparent: UNSAMPLED });
    await producer.produce(TOPIC, records, { timeoutMs: 10_000 });
    if (!isCounted) return;
    const hours = Map.groupBy(rows, (row) => Math.floor(row.received_at / HOUR_MS) * HOUR_MS);
    const accepted = [...hours].map(([hourMs, of]) => ({ tenantId, hourMs, events: of.length }));
    await saveAcceptedEvents(pool, { processId: randomUUID(), accepted, spoolId: randomUUID(), held: [] });
  }

  async function change(query: string): Promise<void> {
    await clickhouse.client.command({ query, clickhouse_settings: { mutations_sync: '2' } });
  }

  async function takeAway(
    condition: string,
    tables = ['events_raw_v1', 'arrivals_raw_v1'],
  ): Promise<() => Promise<void>> {
    const copy = `taken_${randomUUID().replaceAll('-', '')}`;
    await change(
      `CREATE TABLE ${copy} ENGINE = MergeTree ORDER BY tuple() AS SELECT * FROM events_raw_v1 WHERE ${condition}`,
    );
    for (const table of tables) await change(`ALTER TABLE ${table} DELETE WHERE ${condition}`);
    return async () => {
      await change(`INSERT INTO events_raw_v1 SELECT * FROM ${copy}`);
    };
  }

  return { ...parts, sinkProcess, accept, change, takeAway };
}

/** Rows of one request: so many clicks of new users and purchases after the same number of clicks, received in an hour. */
export function request(
  tenantId: string,
  counts: { clicks: number; purchases?: number },
  receivedAtMs: number,
): EventRow[] {
  const received = { received_at: receivedAtMs };
  const occurredAtMs = receivedAtMs - 60_000;
  const clicks = Array.from({ length: counts.clicks }, () => event(tenantId, randomUUID(), occurredAtMs, received));
  const buyers = clicks.slice(0, counts.purchases ?? 0).map(({ user_key: userKey }) => userKey);
  return [...clicks, ...buyers.map((userKey) => purchase(tenantId, userKey, occurredAtMs + 1_000, received))];
}

export { newTenant };

/** Asks the command for hours of receipt of a tenant: for one that is over unless it is said otherwise. */
export async function reconcile(
  tenantId: string,
  fromMs = PAST_HOUR_MS,
  toMs = fromMs + HOUR_MS,
): Promise<{ code: number; hours: HourJson[]; only: HourJson }> {
  const range = ['--from', new Date(fromMs).toISOString(), '--to', new Date(toMs).toISOString()];
  const { code, stdout, stderr }: Result = await unmogrowp('reconcile', '--tenant', tenantId, ...range, '--json');
  if (stdout === '') throw new Error(stderr);
  const answer = JSON.parse(stdout) as { hours: HourJson[]; adds_up: boolean; is_measured_now: boolean };
  expect(answer.is_measured_now).toBe(true);
  expect(answer.adds_up).toBe(code === 0);
  const [only] = answer.hours;
  if (only === undefined) throw new Error('nothing was received in this hour');
  return { code, hours: answer.hours, only };
}

/** Each of the equations that an hour has to fulfil with its differences. */
export function expectAddsUp(hour: HourJson): void {
  const of = (code: string): number => hour.differences[code] ?? 0;
  expect(hour.accepted - hour.spooled - of('missing') + of('uncounted') + of('repeated') + of('replayed')).toBe(
    hour.on_kafka,
  );
  expect(hour.in_clickhouse + hour.dead_lettered + of('offset_gap') + of('row_gap') - of('inserted_twice')).toBe(
    hour.on_kafka,
  );
  expect(hour.events + hour.duplicates_removed).toBe(hour.in_clickhouse);
  expect(hour.inside_windows + hour.waiting + hour.late_beyond_horizon).toBe(hour.events);
  expect(hour.credited + hour.organic + hour.not_counted + of('uncredited')).toBe(hour.conversions);
}
