import { setTimeout as wait } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';
import { topicName } from '../../kafka/topics.ts';
import { KEPT_FREE_BYTES } from '../../stack/parts/clickhouse-config.ts';
import { PIPELINE_PROCESSES } from '../../stack/types.ts';
import type { Trouble } from './clickhouse-line.ts';
import { DAY_MS } from './events.ts';
import type { Fault, Heal, Scene } from './fault.ts';
import type { Disk } from './disk.ts';
import type { DiskName, Stage } from './stage.ts';

const INSERT = { name: 'insert_events' } as const;
/** Of all answers: so few that everything comes through after some tries. */
const BROKEN_SHARE = 0.2;
const SLOW_MS = 5_000;

/** ClickHouse takes everything, and is slow or says the wrong thing. */
const TROUBLES: readonly Fault[] = [
  troubled('slow-clickhouse', 'every insert takes 5 s longer', true, {
    kind: 'slow',
    pattern: INSERT,
    delayMs: SLOW_MS,
  }),
  troubled('error-after-insert', 'every insert takes effect and answers an error', true, {
    kind: 'error_after_effect',
    pattern: INSERT,
  }),
  troubled('broken-answers', 'the connection breaks in the middle of every fifth answer of ClickHouse', false, {
    kind: 'broken_answer',
    share: BROKEN_SHARE,
  }),
];

function troubled(name: string, title: string, isShort: boolean, trouble: Trouble): Fault {
  return {
    name,
    title,
    targets: ['clickhouse'],
    isShort,
    lasts: true,
    inject({ stage, holdMs, signal }) {
      const before = stage.lines.clickhouse.troubled();
      const end = stage.lines.clickhouse.begin(trouble);
      const heal = async (): Promise<void> => {
        const giveUpAt = performance.now() + holdMs + SLOW_MS;
        try {
          // One that nobody has met would prove nothing.
          while (stage.lines.clickhouse.troubled() === before) {
            if (performance.now() > giveUpAt) throw new Error(`no statement has met the fault ${name}`);
            await wait(20, undefined, { signal });
          }
        } finally {
          end();
        }
      };
      return Promise.resolve(heal);
    },
  };
}

/** What stays free on a full disk: enough that a write begins, too little for it to end. */
const BYTES_FREE = 20_000;

/** Less than ClickHouse keeps free: for it the disk is full. */
const CLICKHOUSE_BYTES_FREE = KEPT_FREE_BYTES / 2;

/** Fills a disk; one that cannot be filled is left as it was. */
async function fill(disk: Disk, bytesFree = BYTES_FREE): Promise<void> {
  try {
    await disk.fill(bytesFree);
  } catch (error) {
    disk.empty();
    throw error;
  }
}

const FULL_DISKS: readonly Fault[] = [
  {
    name: 'full-spool',
    title: 'Kafka refuses connections while the disk of the spool is full',
    targets: ['kafka', 'ingest'],
    disks: ['spool'],
    lasts: true,
    async inject({ stage }) {
      await fill(diskOf(stage, 'spool'));
      await stage.lines.kafka.cut();
      return async () => {
        diskOf(stage, 'spool').empty();
        await stage.lines.kafka.restore();
      };
    },
  },
  {
    name: 'read-only-spool',
    title: 'Kafka refuses connections while the disk of the spool is read-only',
    targets: ['kafka', 'ingest'],
    disks: ['spool'],
    lasts: true,
    async inject({ stage }) {
      await diskOf(stage, 'spool').setReadOnly(true);
      await stage.lines.kafka.cut();
      return async () => {
        await diskOf(stage, 'spool').setReadOnly(false);
        await stage.lines.kafka.restore();
      };
    },
  },
  {
    name: 'full-kafka',
    title: 'the disk of Kafka is full; the broker ends and is started again when there is room',
    targets: ['kafka'],
    disks: ['kafka'],
    lasts: true,
    async inject({ stage }) {
      await fill(diskOf(stage, 'kafka'));
      return async () => {
        diskOf(stage, 'kafka').empty();
        // A broker whose disk has failed is not used again before it was started anew.
        await stage.parts.kafka.kill();
        await stage.parts.kafka.start();
      };
    },
  },
  {
    name: 'full-clickhouse',
    title: 'the disk of ClickHouse is full: there is less room than it keeps free',
    targets: ['clickhouse'],
    disks: ['clickhouse'],
    lasts: true,
    async inject({ stage }) {
      await fill(diskOf(stage, 'clickhouse'), CLICKHOUSE_BYTES_FREE);
      return () => Promise.resolve(diskOf(stage, 'clickhouse').empty());
    },
  },
];

function diskOf({ disks }: Stage, name: DiskName): Disk {
  const disk = disks[name];
  if (disk === undefined) throw new Error(`the disk of ${name} was not mounted`);
  return disk;
}

const REBALANCE_MS = 3_000;

/** More sinks beside the usual one, for as long as the fault lasts; every few seconds one of them comes or goes. */
const MORE_SINKS: readonly Fault[] = [2, 4].map((sinks) => ({
  name: sinks === 2 ? 'two-sinks' : 'four-sinks',
  title: `${sinks === 2 ? 'two' : 'four'} sinks, one of which is killed or stopped and comes back every ${REBALANCE_MS / 1_000} s`,
  targets: ['sink'],
  lasts: true,
  async inject({ stage, random }: Scene): Promise<Heal> {
    const others = await Promise.all(Array.from({ length: sinks - 1 }, (_, index) => stage.another('sink', index + 2)));
    await Promise.all(others.map((other) => other.start()));
    const stopping = new AbortController();
    const changing = (async () => {
      while (!stopping.signal.aborted) {
        await wait(REBALANCE_MS, undefined, { signal: stopping.signal }).catch(() => {});
        const one = random.pick([stage.processes.sink, ...others]);
        await (random.chance(0.5) ? one.kill() : one.stop());
        await one.start();
      }
    })();
    return async () => {
      stopping.abort();
      await changing;
      await Promise.all(others.map((other) => other.stop()));
    };
  },
}));

/** The wall clock of one process jumps and comes back. */
const CLOCKS: readonly Fault[] = PIPELINE_PROCESSES.flatMap((name) =>
  [1, -1].map((days) => ({
    name: `clock-${name}-${days > 0 ? 'ahead' : 'behind'}`,
    title: `the wall clock of ${name} steps by ${days > 0 ? '+' : '−'}1 d and back`,
    targets: [name],
    isShort: name === 'worker' && days > 0,
    lasts: true,
    inject({ stage }: Scene): Promise<Heal> {
      stage.processes[name].stepClock(days * DAY_MS);
      return Promise.resolve(() => Promise.resolve(stage.processes[name].stepClock(0)));
    },
  })),
);

const nothingElse = (): Promise<Heal> => Promise.resolve(() => Promise.resolve());

/** What clients do. */
const CLIENTS: readonly Fault[] = [
  {
    name: 'copies',
    title: 'each event is sent 1 to 5 times in random order, in different requests',
    targets: ['client'],
    isShort: true,
    copiesMax: 5,
    inject: nothingElse,
  },
  {
    name: 'wrong-clocks',
    title: 'every tenth event carries a clock that is wrong by up to 3 days',
    targets: ['client'],
    events: 'wrong_clocks',
    inject: nothingElse,
  },
];

const PATCHED_WORKER: Fault = {
  name: 'patched-worker',
  title: 'worker code is replaced by a version with a patched workflow while windows are open',
  targets: ['worker'],
  // What the new one has decided, the old one would not follow.
  isLast: true,
  async inject({ stage }) {
    await stage.processes.worker.replace(new URL('./patched-release.ts', import.meta.url).href);
    return () => Promise.resolve();
  },
};

const NEW_PARTITION: Fault = {
  name: 'new-partition',
  title: 'a partition is added to the topic of events',
  targets: ['topic'],
  isLast: true,
  async inject({ stage: { env } }) {
    const admin = new Kafka({ brokers: env.KAFKA_BROKERS, logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    try {
      const topic = topicName(env.KAFKA_PREFIX, 'events');
      const [found] = (await admin.fetchTopicMetadata({ topics: [topic] })).topics;
      const count = (found?.partitions.length ?? env.KAFKA_EVENTS_PARTITIONS) + 1;
      await admin.createPartitions({ topicPartitions: [{ topic, count }] });
    } finally {
      await admin.disconnect();
    }
    return () => Promise.resolve();
  },
};

/** Everything that goes wrong without being killed. */
export const FAULTS_OF_PARTS: readonly Fault[] = [
  ...TROUBLES,
  ...FULL_DISKS,
  ...MORE_SINKS,
  ...CLOCKS,
  ...CLIENTS,
  PATCHED_WORKER,
  NEW_PARTITION,
];
