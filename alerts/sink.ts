import { panelLink } from '../dashboards/links.ts';
import { THRESHOLDS } from '../otel/objectives.ts';
import { by, series } from '../otel/promql.ts';
import { DEAD_LETTER_METRICS } from '../otel/registry/dead-letters.ts';
import { INGEST_METRICS } from '../otel/registry/ingest.ts';
import { PARTS_METRICS } from '../otel/registry/parts.ts';
import { SINK_METRICS } from '../otel/registry/sink.ts';
import type { AlertRule, RuleGroup } from './alert.ts';
import { grown, increased } from './expressions.ts';
import type { Time } from './time.ts';

const { kafkaGroupLag } = PARTS_METRICS;
const { rows, blockedPartitions, deadLetters, expiredRecords } = SINK_METRICS;
const { deadLettersWaiting } = DEAD_LETTER_METRICS;
const MINUTE = 60;
const HOUR = 3_600;

/** What can be wrong between Kafka and ClickHouse. */
export const sinkGroup = (time: Time): RuleGroup => ({
  name: 'sink',
  alerts: [
    lagGrowing(time),
    stalled(time),
    partitionBlocked(time),
    deadLettersRising(time),
    lettersWaiting(time),
    recordsExpired(time),
  ],
});

/** As the worker sees it: a sink that is gone tells no lag. */
function lagGrowing(time: Time): AlertRule {
  const overPartitions = (of: string) => `sum(max ${by(kafkaGroupLag, 'topic', 'partition')} (${of}))`;
  const slope = `deriv(${series(kafkaGroupLag)}[${time.range(15 * MINUTE)}])`;
  return {
    name: 'KafkaLagGrowing',
    severity: 'warning',
    expr: `${overPartitions(series(kafkaGroupLag))} > ${THRESHOLDS.lagRecordsMax} and ${overPartitions(slope)} > 0`,
    forSeconds: time.seconds(10 * MINUTE),
    summary: 'The sink falls behind: Kafka gets more records than ClickHouse takes.',
    description: '{{ $value | humanize }} records wait on Kafka, and they become more.',
    panel: panelLink('kafkaSink', 'lag'),
  };
}

/** The twin of the lag and of the freshness: a sink that is gone measures neither. */
const stalled = (time: Time): AlertRule => ({
  name: 'SinkStalled',
  severity: 'critical',
  expr: `${increased(series(INGEST_METRICS.acceptedEvents, { destination: 'kafka' }), time.range(10 * MINUTE))} > 0 unless ${increased(series(rows), time.range(10 * MINUTE))} > 0`,
  forSeconds: time.seconds(5 * MINUTE),
  summary: 'Events come in, and the sink stores none.',
  description: '{{ $value | humanize }} events were accepted in the last 10 minutes; no row was stored.',
  panel: panelLink('kafkaSink', 'rows'),
});

const partitionBlocked = (time: Time): AlertRule => ({
  name: 'SinkPartitionBlocked',
  severity: 'warning',
  expr: `${series(blockedPartitions)} > 0`,
  forSeconds: time.seconds(5 * MINUTE),
  keepFiringSeconds: time.seconds(2 * MINUTE),
  summary: 'Partitions of Kafka wait, because inserts into ClickHouse fail.',
  description: '{{ $value }} partitions of {{ $labels.instance }} wait for an insert that is tried again and again.',
  panel: panelLink('kafkaSink', 'blockedPartitions'),
});

const deadLettersRising = (time: Time): AlertRule => ({
  name: 'SinkDeadLettersRising',
  severity: 'warning',
  expr: `${increased(series(deadLetters), time.range(30 * MINUTE), by(deadLetters, 'reason'))} > ${THRESHOLDS.deadLettersMax}`,
  forSeconds: 0,
  summary: 'Events could not be stored and were put aside as dead letters.',
  description: '{{ $value | humanize }} dead letters in the last 30 minutes, because of {{ $labels.reason }}.',
  panel: panelLink('kafkaSink', 'deadLetters'),
});

const lettersWaiting = (time: Time): AlertRule => ({
  name: 'SinkDeadLettersWaiting',
  severity: 'warning',
  expr: `max ${by(deadLettersWaiting, 'reason')} (${series(deadLettersWaiting)}) > ${THRESHOLDS.deadLettersMax}`,
  forSeconds: time.seconds(24 * HOUR),
  summary: 'Nobody has decided about dead letters for a day.',
  description:
    '{{ $value }} dead letters because of {{ $labels.reason }} wait to be put back or given up, before Kafka deletes them.',
  panel: panelLink('kafkaSink', 'deadLettersWaiting'),
});

const recordsExpired = (time: Time): AlertRule => ({
  name: 'SinkRecordsExpired',
  severity: 'critical',
  expr: `${grown(series(expiredRecords), time.range(HOUR))} > ${THRESHOLDS.lostEventsMax}`,
  forSeconds: 0,
  summary: 'Kafka deleted records before they were stored: events are lost.',
  description:
    '{{ $value }} records of partition {{ $labels.partition }} were deleted before the sink had stored them.',
  panel: panelLink('kafkaSink', 'expiredRecords'),
});
