import { DEAD_LETTER_METRICS } from '../../../otel/registry/dead-letters.ts';
import { INGEST_METRICS } from '../../../otel/registry/ingest.ts';
import { PARTS_METRICS } from '../../../otel/registry/parts.ts';
import { SINK_METRICS } from '../../../otel/registry/sink.ts';
import { type AlertCase, always, growing, input } from './case.ts';

const { rows, blockedPartitions, deadLetters, expiredRecords } = SINK_METRICS;
const sink = { instance: 'sink-1', job: 'sink' };
const warning = { severity: 'warning' };
const lag = (instance: string): string =>
  input(PARTS_METRICS.kafkaGroupLag.name, { job: 'worker', instance, topic: 'events', partition: '0' });
const accepted = input(INGEST_METRICS.acceptedEvents.name, { job: 'ingest', destination: 'kafka' });
const stored = input(rows.name, { ...sink, outcome: 'inserted' });
const letters = input(deadLetters.name, { ...sink, reason: 'row_refused' });
const waiting = input(DEAD_LETTER_METRICS.deadLettersWaiting.name, { job: 'worker', reason: 'row_refused' });
const expired = (partition: string): string => input(expiredRecords.name, { ...sink, partition });

/** From Kafka to ClickHouse. */
export const SINK_CASES: readonly AlertCase[] = [
  {
    name: 'KafkaLagGrowing',
    summary: 'The sink falls behind: Kafka gets more records than ClickHouse takes.',
    // A long queue that becomes shorter.
    quiet: { [lag('worker-1')]: '60000-100x500' },
    // Both workers see the same.
    firing: { [lag('worker-1')]: '6000+100x500', [lag('worker-2')]: '6000+100x500' },
    at: '40m',
    told: [{ labels: warning, description: '10k records wait on Kafka, and they become more.' }],
  },
  {
    name: 'SinkStalled',
    summary: 'Events come in, and the sink stores none.',
    quiet: { [accepted]: growing(1_000), [stored]: growing(1_000) },
    firing: { [accepted]: growing(1_000) },
    at: '30m',
    told: [
      {
        labels: { severity: 'critical' },
        description: '10k events were accepted in the last 10 minutes; no row was stored.',
      },
    ],
  },
  {
    name: 'SinkPartitionBlocked',
    summary: 'Partitions of Kafka wait, because inserts into ClickHouse fail.',
    quiet: { [input(blockedPartitions.name, sink)]: '0x10 1 0x1500' },
    firing: { [input(blockedPartitions.name, sink)]: '0x10 3x1500' },
    at: '20m',
    told: [
      {
        labels: { ...warning, ...sink },
        description: '3 partitions of sink-1 wait for an insert that is tried again and again.',
      },
    ],
  },
  {
    name: 'SinkDeadLettersRising',
    summary: 'Events could not be stored and were put aside as dead letters.',
    // Old ones, and none in the last half hour.
    quiet: { [letters]: always(7) },
    firing: { [letters]: '0x30 0+1x10 10x1500' },
    at: '45m',
    told: [
      {
        labels: { ...warning, reason: 'row_refused' },
        description: '10 dead letters in the last 30 minutes, because of row_refused.',
      },
    ],
  },
  {
    name: 'SinkDeadLettersWaiting',
    summary: 'Nobody has decided about dead letters for a day.',
    quiet: { [waiting]: '7x1000 0x1000' },
    firing: { [waiting]: always(7) },
    at: '1445m',
    told: [
      {
        labels: { ...warning, reason: 'row_refused' },
        description:
          '7 dead letters because of row_refused wait to be put back or given up, before Kafka deletes them.',
      },
    ],
  },
  {
    name: 'SinkRecordsExpired',
    summary: 'Kafka deleted records before they were stored: events are lost.',
    quiet: { [expired('3')]: always(7) },
    quietAt: ['62m', '95m'],
    // The series is there only from the first loss on.
    firing: { [expired('3')]: '_x30 7x1500' },
    at: '40m',
    told: [
      {
        labels: { severity: 'critical', ...sink, partition: '3' },
        description: '7 records of partition 3 were deleted before the sink had stored them.',
      },
    ],
  },
];
