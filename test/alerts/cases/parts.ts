import { PROMETHEUS } from '../../../otel/registry/external/prometheus.ts';
import { PARTS_METRICS } from '../../../otel/registry/parts.ts';
import { SINK_METRICS } from '../../../otel/registry/sink.ts';
import { type AlertCase, always, growing, input } from './case.ts';

const { clickhouseUp, kafkaUp, postgresUp, partitionPartsMax, diskFree, diskSize } = PARTS_METRICS;
const { insertDuration } = SINK_METRICS;
const worker = { instance: 'worker-1', job: 'worker' };
const insert = { instance: 'sink-1', job: 'sink', outcome: 'inserted' };

const UNAVAILABLE = [
  {
    name: 'KafkaUnavailable',
    isUp: kafkaUp.name,
    summary: 'Kafka is away: accepted events go to the spool, and none reach ClickHouse.',
    description: 'No broker has answered a worker for 2 minutes.',
  },
  {
    name: 'ClickHouseUnavailable',
    isUp: clickhouseUp.name,
    summary: 'ClickHouse is away: events wait on Kafka, no window is computed, and readers see nothing.',
    description: 'ClickHouse has not answered a worker for 2 minutes.',
  },
  {
    name: 'PostgresUnavailable',
    isUp: postgresUp.name,
    summary: 'PostgreSQL is away: ingest knows no keys and answers 503, and no window runs.',
    description: 'PostgreSQL has not answered a worker for 2 minutes.',
  },
  {
    name: 'TemporalUnavailable',
    isUp: PROMETHEUS.up.name,
    job: 'temporal',
    summary: 'Temporal is away: no window is closed, reopened or replayed.',
    description: 'The server of Temporal has not answered Prometheus for 2 minutes.',
  },
] as const;

/** The parts below. */
export const PARTS_CASES: readonly AlertCase[] = [
  ...UNAVAILABLE.map((part): AlertCase => {
    const job = 'job' in part ? part.job : 'worker';
    const up = (instance: string): string => input(part.isUp, { job, instance });
    return {
      name: part.name,
      summary: part.summary,
      // One of two does not reach it: that one has a problem of its own.
      quiet: { [up('one')]: always(1), [up('two')]: always(0) },
      firing: { [up('one')]: '1x10 0x1500', [up('two')]: '1x10 0x1500' },
      at: '20m',
      told: [{ labels: { severity: 'critical' }, description: part.description }],
    };
  }),
  {
    name: 'ClickHouseTooManyParts',
    summary: 'ClickHouse does not merge fast enough: soon it slows inserts down, then it refuses them.',
    quiet: { [input(partitionPartsMax.name, worker)]: '0+100x7 0x1500' },
    firing: { [input(partitionPartsMax.name, worker)]: always(900) },
    at: '20m',
    told: [{ labels: { severity: 'warning' }, description: 'A partition of a table has 900 parts.' }],
  },
  {
    name: 'ClickHouseDiskNearlyFull',
    summary: 'A disk of ClickHouse is nearly full; when it is, nothing can be stored or computed.',
    quiet: {
      [input(diskFree.name, { ...worker, disk: 'default' })]: always(500),
      [input(diskSize.name, { ...worker, disk: 'default' })]: always(1_000),
    },
    firing: {
      [input(diskFree.name, { ...worker, disk: 'default' })]: always(100),
      [input(diskSize.name, { ...worker, disk: 'default' })]: always(1_000),
    },
    at: '20m',
    told: [{ labels: { severity: 'critical', disk: 'default' }, description: 'The disk default is 90% full.' }],
  },
  {
    name: 'ClickHouseInsertsSlow',
    summary: 'Inserts into ClickHouse take too long.',
    quiet: {
      [input(`${insertDuration.name}_bucket`, { ...insert, le: '1.0' })]: growing(10),
      [input(`${insertDuration.name}_bucket`, { ...insert, le: '+Inf' })]: growing(10),
      [input(`${insertDuration.name}_count`, insert)]: growing(10),
    },
    firing: {
      [input(`${insertDuration.name}_bucket`, { ...insert, le: '5.0' })]: growing(0),
      [input(`${insertDuration.name}_bucket`, { ...insert, le: '10.0' })]: growing(10),
      [input(`${insertDuration.name}_bucket`, { ...insert, le: '+Inf' })]: growing(10),
      [input(`${insertDuration.name}_count`, insert)]: growing(10),
    },
    at: '40m',
    told: [
      {
        labels: { severity: 'warning' },
        description: 'Of twenty inserts of the last 10 minutes one takes 9.75s or longer.',
      },
    ],
  },
];
