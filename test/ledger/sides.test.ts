import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { kafkaConnection } from '../../bin/kafka-connection.ts';
import { encodeRow } from '../../events/encode.ts';
import { createRecordProducer } from '../../kafka/producer.ts';
import { saveAcceptedEvents } from '../../postgres/accepted-events.ts';
import { testEnv } from '../support/parts.ts';
import { TOPIC } from '../windows/setup.ts';
import {
  type LedgerTest,
  PAST_HOUR_MS,
  UNSAMPLED,
  expectAddsUp,
  newTenant,
  reconcile,
  request,
  startLedgerParts,
} from './setup.ts';

const AT_MS = PAST_HOUR_MS + 600_000;

let parts: LedgerTest;
beforeAll(async () => {
  parts = await startLedgerParts();
});

/** What the command says of the hour, whose sides have to add up with the differences that it names. */
async function measured(tenantId: string) {
  const { code, only } = await reconcile(tenantId);
  expectAddsUp(only);
  return { code, ...only };
}

describe('an hour in which all went well', () => {
  test('adds up to the row, with what was sent again', async () => {
    const tenantId = await newTenant(parts.pool);
    const rows = request(tenantId, { clicks: 40, purchases: 5 }, AT_MS);
    await parts.accept(rows);
    const again = [...rows.slice(0, 7), ...rows.slice(-2)].map((row) => ({ ...row, received_at: AT_MS + 1_000 }));
    await parts.accept(again);
    expect(await measured(tenantId)).toMatchObject({
      code: 0,
      accepted: 54,
      spooled: 0,
      on_kafka: 54,
      dead_lettered: 0,
      in_clickhouse: 54,
      duplicates_removed: 9,
      events: 45,
      inside_windows: 0,
      waiting: 45,
      differences: {},
      is_over: true,
    });
  });

  test('counts what comes again in another hour where it came, and the event where it came first', async () => {
    const tenantId = await newTenant(parts.pool);
    const rows = request(tenantId, { clicks: 3, purchases: 1 }, AT_MS - 7_200_000);
    await parts.accept(rows);
    await parts.accept(rows.map((row) => ({ ...row, received_at: AT_MS })));
    expect(await measured(tenantId)).toMatchObject({ code: 0, accepted: 4, duplicates_removed: 4, events: 0 });
  });
});

describe('what is lost is named, and ends with exit code 1', () => {
  test('a row that is gone from the events, until it is back', async () => {
    const tenantId = await newTenant(parts.pool);
    const rows = request(tenantId, { clicks: 10, purchases: 2 }, AT_MS);
    await parts.accept(rows);
    await measured(tenantId);
    const putBack = await parts.takeAway(`event_id = '${rows[3]?.event_id}'`, ['events_raw_v1']);
    expect(await measured(tenantId)).toMatchObject({ code: 1, in_clickhouse: 11, differences: { row_gap: 1 } });
    await putBack();
    expect(await measured(tenantId)).toMatchObject({ code: 0, in_clickhouse: 12, differences: {} });
  });

  test('a row that never arrived beside others of its record', async () => {
    const tenantId = await newTenant(parts.pool);
    const rows = request(tenantId, { clicks: 200 }, AT_MS);
    await parts.accept(rows);
    await measured(tenantId);
    await parts.takeAway(`event_id = '${rows[3]?.event_id}'`);
    expect(await measured(tenantId)).toMatchObject({ code: 1, on_kafka: 200, differences: { row_gap: 1 } });
  });

  test('records of which nothing is there, by the tenant and hour that Kafka still knows', async () => {
    const [tenantId, other] = [await newTenant(parts.pool), await newTenant(parts.pool)];
    await parts.accept(request(other, { clicks: 50 }, AT_MS));
    await parts.accept(request(tenantId, { clicks: 50 }, AT_MS));
    await parts.accept(request(tenantId, { clicks: 6 }, AT_MS + 1));
    await measured(tenantId);
    const putBack = await parts.takeAway(
      `tenant_id = '${tenantId}' AND received_at < fromUnixTimestamp64Milli(${AT_MS + 1})`,
    );
    const lost = await measured(tenantId);
    expect(lost).toMatchObject({
      code: 1,
      accepted: 56,
      on_kafka: 56,
      in_clickhouse: 6,
      differences: { offset_gap: 50 },
    });
    expect(await measured(other)).toMatchObject({ code: 0, differences: {} });
    await putBack();
    expect(await measured(tenantId)).toMatchObject({ code: 0, in_clickhouse: 56, differences: {} });
  });

  test('events that were accepted and that nobody has', async () => {
    const tenantId = await newTenant(parts.pool);
    await parts.accept(request(tenantId, { clicks: 5 }, AT_MS));
    const accepted = [{ tenantId, hourMs: PAST_HOUR_MS, events: 3 }];
    await saveAcceptedEvents(parts.pool, { processId: randomUUID(), accepted, spoolId: randomUUID(), held: [] });
    expect(await measured(tenantId)).toMatchObject({ code: 1, accepted: 8, on_kafka: 5, differences: { missing: 3 } });
  });
});

describe('what explains itself is named too', () => {
  test('events that ingest had not counted when it was killed', async () => {
    const tenantId = await newTenant(parts.pool);
    await parts.accept(request(tenantId, { clicks: 5 }, AT_MS));
    await parts.accept(request(tenantId, { clicks: 4 }, AT_MS), { isCounted: false });
    expect(await measured(tenantId)).toMatchObject({
      code: 0,
      accepted: 5,
      on_kafka: 9,
      differences: { uncounted: 4 },
    });
  });

  test('events that ingest put on Kafka twice, because it was not told that they are there', async () => {
    const tenantId = await newTenant(parts.pool);
    const rows = request(tenantId, { clicks: 5 }, AT_MS);
    await parts.accept(rows);
    await parts.accept(rows, { isCounted: false });
    expect(await measured(tenantId)).toMatchObject({
      code: 0,
      on_kafka: 10,
      duplicates_removed: 5,
      differences: { repeated: 5 },
    });
  });

  test('rows that the sink has inserted twice', async () => {
    const tenantId = await newTenant(parts.pool);
    await parts.accept(request(tenantId, { clicks: 5 }, AT_MS));
    await measured(tenantId);
    await parts.change(`INSERT INTO events_raw_v1 SELECT * FROM events_raw_v1 WHERE tenant_id = '${tenantId}'`);
    expect(await measured(tenantId)).toMatchObject({
      code: 0,
      in_clickhouse: 10,
      duplicates_removed: 5,
      differences: { inserted_twice: 5 },
    });
  });

  test('lines and records that nobody could store, which lie among the dead letters', async () => {
    const tenantId = await newTenant(parts.pool);
    const rows = request(tenantId, { clicks: 8 }, AT_MS);
    const lines = rows.map(encodeRow);
    const poisoned = [...lines.slice(0, 5), '["not","a","row"]'];
    const record = (partition: number, of: readonly string[], rowFormat = '1') => ({
      partition,
      value: Buffer.from(of.join('\n')),
      headers: {
        traceparent: UNSAMPLED,
        tenant_id: tenantId,
        row_count: String(of.length),
        row_format: rowFormat,
        received_at: String(AT_MS),
      },
    });
    const producer = createRecordProducer(kafkaConnection(testEnv, 'test'));
    const records = [record(1, poisoned), record(2, ['["only this"]']), record(3, lines.slice(5), '999')];
    await producer.produce(TOPIC, records, { timeoutMs: 10_000 });
    await producer.close();
    const accepted = [{ tenantId, hourMs: PAST_HOUR_MS, events: 10 }];
    await saveAcceptedEvents(parts.pool, { processId: randomUUID(), accepted, spoolId: randomUUID(), held: [] });
    expect(await measured(tenantId)).toMatchObject({
      code: 0,
      accepted: 10,
      on_kafka: 10,
      in_clickhouse: 5,
      dead_lettered: 5,
      differences: {},
    });
  });
});
