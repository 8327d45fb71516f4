import { THRESHOLDS } from '../../otel/objectives.ts';
import { by, count, series } from '../../otel/promql.ts';
import { DEAD_LETTER_METRICS } from '../../otel/registry/dead-letters.ts';
import { KAFKA_METRICS } from '../../otel/registry/kafka.ts';
import { PARTS_METRICS } from '../../otel/registry/parts.ts';
import { SINK_METRICS } from '../../otel/registry/sink.ts';
import type { BoardPlan } from '../board.ts';
import { bucketRates, increase, rate } from '../expressions.ts';
import { QUIET, WELL, WRONG, redFrom } from '../look.ts';
import { CHANGES } from '../marks.ts';
import { figure, graph, heat } from '../panels.ts';
import { metric, metricBuckets, seldom } from '../queries.ts';
import { QUANTILE_COLORS, countedBy, problemsOf, processesOf, quantiles, tracesOf } from '../shared-panels.ts';

const lagByPartition = `max ${by(PARTS_METRICS.kafkaGroupLag, 'partition')} (${series(PARTS_METRICS.kafkaGroupLag)})`;

/** From Kafka into ClickHouse, exactly once. */
export const kafkaSink: BoardPlan<'kafkaSink'> = {
  board: 'kafkaSink',
  description: 'Does the sink keep up with Kafka, and does ClickHouse take its rows?',
  from: 'now-3h',
  refresh: '30s',
  variables: [],
  marks: CHANGES,
  rows: [
    {
      height: 5,
      panels: {
        lag: figure({
          title: 'Lag of the sink',
          description:
            'Records on Kafka that the group of the sink has not committed, as seen from outside: known also when no sink runs.',
          unit: 'short',
          decimals: 0,
          sparkline: true,
          none: 'unknown',
          steps: redFrom(THRESHOLDS.lagRecordsMax),
          queries: [metric(`sum(${lagByPartition})`)],
        }),
        blockedPartitions: figure({
          title: 'Blocked partitions',
          description:
            'Partitions that wait because ClickHouse did not take an insert. It is tried again; nothing is dropped.',
          unit: 'short',
          decimals: 0,
          sparkline: true,
          none: 'no sink',
          steps: redFrom(1),
          queries: [metric(`sum(${series(SINK_METRICS.blockedPartitions)})`)],
        }),
        expiredRecords: figure({
          title: 'Lost to retention',
          description:
            'Records that Kafka deleted before they were stored, in the shown time. Must be 0: see the runbook, and keep records longer.',
          unit: 'short',
          decimals: 0,
          none: '0',
          steps: redFrom(1),
          queries: [metric(`sum(${increase(series(SINK_METRICS.expiredRecords))}) or vector(0)`)],
        }),
        deadLettersWaiting: figure({
          title: 'Dead letters waiting',
          description: 'Events that could not be stored and that nobody has put back or given up: unmogrowp dlq list.',
          unit: 'short',
          decimals: 0,
          sparkline: true,
          none: 'no worker',
          steps: redFrom(THRESHOLDS.deadLettersMax + 1),
          queries: [metric(`sum(${series(DEAD_LETTER_METRICS.deadLettersWaiting)})`)],
        }),
      },
    },
    {
      height: 8,
      panels: {
        lagByPartition: graph({
          title: 'Lag of each partition',
          description: 'One line that grows alone: one partition is blocked, or its events come from few users.',
          unit: 'short',
          decimals: 0,
          steps: redFrom(THRESHOLDS.lagRecordsMax),
          queries: [metric(lagByPartition, 'partition {{partition}}')],
        }),
        brokerRates: graph({
          title: 'Records that come in',
          description: 'Records a second that the topics take. A record holds up to 64 KiB of events.',
          unit: 'suffix:/s',
          queries: [
            metric(
              `sum ${by(PARTS_METRICS.kafkaEndOffset, 'topic')} (${rate(series(PARTS_METRICS.kafkaEndOffset))})`,
              '{{topic}}',
            ),
          ],
        }),
        rows: graph({
          title: 'Rows that leave Kafka',
          description: 'By what became of them. Rows of a repeated range are counted again here, and stored once.',
          unit: 'suffix:/s',
          stacked: true,
          colors: { inserted: WELL, dead_lettered: WRONG },
          queries: [
            metric(`sum ${by(SINK_METRICS.rows, 'outcome')} (${rate(series(SINK_METRICS.rows))})`, '{{outcome}}'),
          ],
        }),
      },
    },
    {
      title: 'Time',
      height: 8,
      panels: {
        delays: graph({
          title: 'From Kafka to queryable',
          description:
            'Of the oldest record of each insert. Diamonds are single inserts: a click leads to the trace. The line is what is promised.',
          unit: 's',
          steps: redFrom(THRESHOLDS.freshnessSecondsMax),
          colors: QUANTILE_COLORS,
          queries: quantiles(SINK_METRICS.delay),
        }),
        delayHeatmap: heat({
          title: 'From Kafka to queryable, all inserts',
          description: 'How many inserts took how long.',
          unit: 's',
          queries: [metricBuckets(bucketRates(SINK_METRICS.delay))],
        }),
        insertTimes: graph({
          title: 'How long ClickHouse takes for an insert',
          description:
            'Inserts that took the rows. Slow ones: too many parts, merges that eat the disk, or queries; see Parts.',
          unit: 's',
          steps: redFrom(THRESHOLDS.insertSecondsMax),
          colors: QUANTILE_COLORS,
          queries: quantiles(SINK_METRICS.insertDuration, { outcome: 'inserted' }),
        }),
      },
    },
    {
      title: 'Inserts',
      height: 8,
      panels: {
        inserts: graph({
          title: 'Inserts, by what ClickHouse said',
          description:
            'failed: it was away and will be asked again. refused: it looked at a row and did not want it; the row is searched for.',
          unit: 'suffix:/s',
          decimals: 2,
          stacked: true,
          colors: { inserted: WELL, refused: 'orange', failed: WRONG },
          queries: [
            metric(
              `sum ${by(SINK_METRICS.insertDuration, 'outcome')} (${rate(count(SINK_METRICS.insertDuration))})`,
              '{{outcome}}',
            ),
          ],
        }),
        batchRows: graph({
          title: 'Rows of an insert',
          description: 'Large inserts are cheap for ClickHouse. Under load they grow by themselves.',
          unit: 'short',
          logarithmic: true,
          min: 1,
          colors: QUANTILE_COLORS,
          queries: quantiles(SINK_METRICS.batchRows).map(({ text, model: { legendFormat } }) =>
            metric(text, String(legendFormat)),
          ),
        }),
        retries: graph({
          title: 'What was tried again, by the reason',
          colors: { all: QUIET },
          description: 'Nothing is dropped for any of these. Lines that do not come down name the part that is away.',
          unit: 'suffix:/s',
          decimals: 2,
          queries: [
            metric(`sum(${rate(series(SINK_METRICS.retries))})`, 'all'),
            seldom(
              metric(`sum ${by(SINK_METRICS.retries, 'code')} (${rate(series(SINK_METRICS.retries))}) > 0`, '{{code}}'),
              'a code appears when it happens',
            ),
          ],
        }),
      },
    },
    {
      title: 'What is not everyday',
      height: 8,
      panels: {
        deadLetters: countedBy(SINK_METRICS.deadLetters, 'reason', {
          title: 'Dead letters, by the reason',
          description:
            'Lines that ClickHouse refused, and records of an unknown format. Look at them: unmogrowp dlq list.',
        }),
        rangeRepeats: graph({
          title: 'Ranges inserted again',
          description:
            'After a crash or a rebalance the same range goes in again with the same token, and ClickHouse drops what it has.',
          unit: 'short',
          decimals: 0,
          drawn: 'bars',
          interval: '1m',
          queries: [metric(`sum(increase(${series(SINK_METRICS.rangeRepeats)}[$__interval]))`, 'repeated')],
        }),
        generations: graph({
          title: 'Rebalances',
          description:
            'The generation of the group: each step up is a rebalance. Many steps: a sink that dies again and again.',
          unit: 'short',
          decimals: 0,
          queries: [metric(series(KAFKA_METRICS.consumerGenerations), '{{instance}}')],
        }),
        partitions: graph({
          title: 'Partitions of each sink',
          description: 'Each partition is read by one sink; those that nobody reads only grow.',
          unit: 'short',
          decimals: 0,
          stacked: true,
          queries: [metric(series(KAFKA_METRICS.consumerPartitions), '{{instance}}')],
        }),
      },
    },
    {
      title: 'Processes',
      height: 9,
      panels: {
        processes: processesOf('sink'),
        problems: problemsOf(['sink']),
        slowTraces: tracesOf('sink', 'sink.insert', '1s'),
      },
    },
  ],
};
