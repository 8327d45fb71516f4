import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';
import { ScheduleOverlapPolicy } from '@temporalio/client';
import { kafkaConnection } from '../../../bin/kafka-connection.ts';
import { connectTemporal } from '../../../bin/temporal.ts';
import { createRecordProducer } from '../../../kafka/producer.ts';
import { topicName } from '../../../kafka/topics.ts';
import { count } from '../../../otel/promql.ts';
import { INGEST_METRICS } from '../../../otel/registry/ingest.ts';
import { createTenant, limitTenant } from '../../../postgres/tenants.ts';
import { newTenantId } from './tenants.ts';
import type { Scenario, Scene } from './scenario.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const UNREADABLE_RECORDS = 3;
const COLLISIONS = 40;
const PRODUCE_TIMEOUT_MS = 10_000;
const EXPIRY_WAIT_MS = 3_000;
const LOG_LINES = 80;
const LOG_PAUSE_MS = 500;
const BUSY_REQUESTS = 900;

/** Records as no ingest of ours makes them. */
async function buryRecords({ pipeline: { stage }, load }: Scene): Promise<void> {
  const producer = createRecordProducer(kafkaConnection(stage.env, 'proof'));
  const headers = { tenant_id: load.tenantId, row_count: '1', row_format: '1' };
  const value = Buffer.from('{"not":"a row"}');
  const records = Array.from({ length: UNREADABLE_RECORDS }, () => ({ partition: 0, value, headers }));
  try {
    const topic = topicName(stage.env.KAFKA_PREFIX, 'events');
    await producer.produce(topic, records, { timeoutMs: PRODUCE_TIMEOUT_MS });
  } finally {
    await producer.close();
  }
}

const giveUp = ({ pipeline }: Scene) => ({
  heal: async () => void (await pipeline.unmogrowp('dlq', 'discard', '--all', '--note', 'sent by a proof')),
});

/** Deletes from Kafka what the sink, which is stopped meanwhile, has not stored. */
async function expireRecords({ pipeline: { stage } }: Scene): Promise<void> {
  await stage.processes.sink.stop();
  await wait(EXPIRY_WAIT_MS);
  const admin = new Kafka({ brokers: stage.env.KAFKA_BROKERS, logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    const topic = topicName(stage.env.KAFKA_PREFIX, 'events');
    const ends = await admin.fetchTopicOffsets(topic);
    const partitions = ends.map(({ partition, high }) => ({ partition, offset: high }));
    await admin.deleteTopicRecords({ topic, partitions });
  } finally {
    await admin.disconnect();
  }
  await stage.processes.sink.start();
}

async function collide({ pipeline: { stage } }: Scene): Promise<void> {
  const { write_key: writeKey } = await createTenant(stage.postgres, { tenantId: newTenantId('colliding') });
  const event = (channel: string, id: string) => ({
    event_id: id,
    type: 'click',
    app_id: 'app',
    occurred_at: Date.now() - MINUTE_MS,
    channel,
    user_id: 'one',
  });
  const ids = Array.from({ length: COLLISIONS }, () => randomUUID());
  for (const channel of ['first', 'second']) {
    const response = await fetch(`${stage.ingestUrl}/v1/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${writeKey}`, connection: 'close' },
      body: JSON.stringify({ events: ids.map((id) => event(channel, id)) }),
    });
    const text = await response.text();
    if (response.status !== 202) throw new Error(`colliding events were answered ${response.status} ${text}`);
  }
}

/** Pauses the schedule of the reconcile, as somebody does who forgets it. */
async function pauseReconcile({ pipeline: { stage } }: Scene): Promise<() => Promise<void>> {
  const scheduleId = `${stage.env.TEMPORAL_TASK_QUEUE}-reconcile`;
  const client = await connectTemporal(stage.env);
  const handle = client.temporal.schedule.getHandle(scheduleId);
  await handle.pause('a proof');
  return async () => {
    await handle.unpause();
    await handle.trigger(ScheduleOverlapPolicy.SKIP);
    await client.close();
  };
}

/** Pushes lines to Loki as pino-loki does, until it is ended. */
function pushLines({ pipeline: { loki } }: Scene, level: string, line: object): () => Promise<void> {
  const ending = new AbortController();
  const pushing = (async () => {
    while (!ending.signal.aborted) {
      const stream = { service: 'worker', level, environment: 'proof' };
      const atMs = Date.now();
      const lines = Array.from({ length: LOG_LINES }, (_, index) => ({
        stream,
        atMs,
        line: JSON.stringify({ ...line, number: index }),
      }));
      await loki.push(lines);
      await wait(LOG_PAUSE_MS, undefined, { signal: ending.signal }).catch(() => undefined);
    }
  })();
  return async () => {
    ending.abort();
    await pushing;
  };
}

/** Waits until there is something that can become silent: a busy hour, which is a minute here. */
async function untilBusy({ pipeline: { prometheus }, signal }: Scene): Promise<void> {
  const requests = `sum(increase(${count(INGEST_METRICS.requestDuration)}[1m]))`;
  for (;;) {
    const [sample] = await prometheus.query(requests);
    if (sample !== undefined && sample.value > BUSY_REQUESTS) return;
    await wait(LOG_PAUSE_MS, undefined, { signal });
  }
}

/** What clients do, and what happens to our own processes. */
export const SCENARIOS_OF_CLIENTS: readonly Scenario[] = [
  {
    name: 'silence',
    title: 'clients stop sending',
    alerts: ['IngestSilent'],
    async inject(scene) {
      await untilBusy(scene);
      scene.load.pause();
      return { heal: () => Promise.resolve(scene.load.go()) };
    },
  },
  {
    name: 'over-quota',
    title: 'the limit of a tenant is set below what it sends',
    alerts: ['IngestTenantOverQuota'],
    async inject({ pipeline: { stage }, load }) {
      await limitTenant(stage.postgres, load.tenantId, 50);
      return {
        heal: () => limitTenant(stage.postgres, load.tenantId, 100_000),
        words: () => Promise.resolve({ TENANT: load.tenantId }),
      };
    },
  },
  {
    name: 'clocks-ahead',
    title: 'the clocks of clients are ten minutes ahead',
    alerts: ['IngestClientClockSkew'],
    inject({ load }) {
      load.go(-10 * MINUTE_MS);
      return Promise.resolve({ heal: () => Promise.resolve(load.go()) });
    },
  },
  {
    name: 'late-events',
    title: 'clients send events of three days ago',
    alerts: ['IngestLateDataAboveProfile'],
    inject({ load }) {
      load.go(3 * DAY_MS);
      return Promise.resolve({ heal: () => Promise.resolve(load.go()) });
    },
  },
  {
    name: 'unreadable-records',
    title: 'records that ClickHouse refuses come from Kafka',
    alerts: ['SinkDeadLettersRising'],
    async inject(scene) {
      await buryRecords(scene);
      return giveUp(scene);
    },
  },
  {
    name: 'letters-forgotten',
    title: 'nobody decides about dead letters',
    alerts: ['SinkDeadLettersWaiting'],
    timeScale: 4_000,
    async inject(scene) {
      await buryRecords(scene);
      return giveUp(scene);
    },
  },
  {
    name: 'records-expired',
    title: 'Kafka deletes records while the sink is away',
    alerts: ['SinkRecordsExpired'],
    async inject(scene) {
      await expireRecords(scene);
      return { heal: () => Promise.resolve() };
    },
  },
  {
    name: 'collisions',
    title: 'a client sends different events under one identity',
    alerts: ['EventCollisionsRising'],
    async inject(scene) {
      await collide(scene);
      return { heal: () => Promise.resolve() };
    },
  },
  {
    name: 'worker-stopped',
    title: 'the worker is stopped',
    alerts: ['WorkflowPollersMissing', 'ScrapeTargetMissing', 'ObjectiveUnmeasured'],
    async inject({ pipeline: { stage } }) {
      await stage.processes.worker.stop();
      return { heal: () => stage.processes.worker.start() };
    },
  },
  {
    name: 'schedule-paused',
    title: 'the schedule of the reconcile is paused',
    alerts: ['WorkflowScheduleMissed'],
    inject: async (scene) => ({ heal: await pauseReconcile(scene) }),
  },
  {
    name: 'errors-logged',
    title: 'a process logs errors, one of them with the code bug',
    alerts: ['LogErrorsRising', 'LogBugReported'],
    inject(scene) {
      const end = pushLines(scene, 'error', { code: 'bug', error: 'a proof' });
      return Promise.resolve({ heal: end });
    },
  },
  {
    name: 'health',
    title: 'nothing is wrong',
    alerts: ['Watchdog'],
    inject: () => Promise.resolve({ heal: () => Promise.resolve() }),
  },
];
