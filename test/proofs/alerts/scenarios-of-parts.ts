import { setTimeout as wait } from 'node:timers/promises';
import type { PartName } from '../../../stack/types.ts';
import type { LastingFault, Scenario, Scene } from './scenario.ts';

const INSERT = { name: 'insert_events' } as const;
/** Longer than the objective of freshness and the threshold of inserts. */
const SLOW_INSERT_MS = 11_000;
const PARTS_MADE = 700;
const FROZEN_MS = 900;
const THAWED_MS = 150;
const DISK_BYTES_FREE = 300_000_000;

/** `kill -9` of a part; it is started again on its data. */
async function kill({ pipeline }: Scene, part: PartName): Promise<LastingFault> {
  await pipeline.stage.parts[part].kill();
  return { heal: () => pipeline.stage.parts[part].start() };
}

/** Lets Kafka answer, and late: shorter than ingest waits before it spools. */
function slowDown({ pipeline: { stage } }: Scene): LastingFault {
  const { kafka } = stage.parts;
  const ending = new AbortController();
  const freezing = (async () => {
    while (!ending.signal.aborted) {
      kafka.freeze();
      await wait(FROZEN_MS);
      kafka.thaw();
      await wait(THAWED_MS);
    }
  })();
  return {
    async heal() {
      ending.abort();
      await freezing;
    },
  };
}

/** Parts that are away, slow or full. */
export const SCENARIOS_OF_PARTS: readonly Scenario[] = [
  {
    name: 'kafka-away',
    title: 'Kafka is killed, until the spool is full',
    alerts: ['KafkaUnavailable', 'IngestSpoolInUse', 'IngestSpoolNearlyFull', 'IngestAvailabilityBudgetBurn'],
    inject: (scene) => kill(scene, 'kafka'),
  },
  {
    name: 'kafka-slow',
    title: `Kafka stands still again and again, for ${FROZEN_MS} ms each time`,
    alerts: ['IngestLatencyBudgetBurn'],
    inject: (scene) => Promise.resolve(slowDown(scene)),
  },
  {
    name: 'clickhouse-away',
    title: 'ClickHouse is killed',
    alerts: ['ClickHouseUnavailable', 'SinkPartitionBlocked', 'SinkStalled', 'KafkaLagGrowing'],
    inject: (scene) => kill(scene, 'clickhouse'),
  },
  {
    name: 'clickhouse-slow',
    title: `every insert takes ${SLOW_INSERT_MS / 1_000} s longer`,
    alerts: ['ClickHouseInsertsSlow', 'SinkFreshnessBudgetBurn'],
    // An insert takes longer than the short ranges of most scenarios, in which there would be none now and then.
    timeScale: 20,
    inject({ pipeline }) {
      const end = pipeline.stage.lines.clickhouse.begin({ kind: 'slow', pattern: INSERT, delayMs: SLOW_INSERT_MS });
      return Promise.resolve({ heal: () => Promise.resolve(end()) });
    },
  },
  {
    name: 'too-many-parts',
    title: `merges are stopped, and ${PARTS_MADE} inserts of one row come`,
    alerts: ['ClickHouseTooManyParts'],
    async inject({ pipeline: { stage } }) {
      const { client } = stage.clickhouse;
      await client.command({ query: 'SYSTEM STOP MERGES' });
      const values = "('parts', toDate('2020-01-01'))";
      await client.command({
        query:
          'CREATE TABLE IF NOT EXISTS parts_of_a_proof_v1 (tenant_id String, day Date) ENGINE = MergeTree ORDER BY tenant_id',
      });
      for (let part = 0; part < PARTS_MADE; part += 1) {
        await client.command({ query: `INSERT INTO parts_of_a_proof_v1 VALUES ${values}` });
      }
      return {
        async heal() {
          await client.command({ query: 'SYSTEM START MERGES' });
          await client.command({ query: 'OPTIMIZE TABLE parts_of_a_proof_v1 FINAL' });
        },
      };
    },
  },
  {
    name: 'disk-nearly-full',
    title: 'the disk of ClickHouse is filled',
    alerts: ['ClickHouseDiskNearlyFull'],
    needsDisk: true,
    async inject({ pipeline: { stage } }) {
      const { clickhouse: disk } = stage.disks;
      if (disk === undefined) throw new Error('ClickHouse has no disk of its own');
      await disk.fill(DISK_BYTES_FREE);
      return { heal: () => Promise.resolve(disk.empty()) };
    },
  },
  {
    name: 'postgres-away',
    title: 'PostgreSQL is killed',
    alerts: ['PostgresUnavailable'],
    inject: (scene) => kill(scene, 'postgres'),
  },
  {
    name: 'temporal-away',
    title: 'Temporal is killed',
    alerts: ['TemporalUnavailable'],
    inject: (scene) => kill(scene, 'temporal'),
  },
  {
    name: 'jaeger-away',
    title: 'Jaeger is killed',
    alerts: ['TraceCompletenessBudgetBurn', 'TelemetryDropped'],
    // A process gives up on a batch of spans after ten seconds: what is lost shows only now and then.
    timeScale: 20,
    inject: (scene) => kill(scene, 'jaeger'),
  },
];
