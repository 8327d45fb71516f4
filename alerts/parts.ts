import { panelLink } from '../dashboards/links.ts';
import { THRESHOLDS } from '../otel/objectives.ts';
import { buckets, by, count, series } from '../otel/promql.ts';
import { PROMETHEUS } from '../otel/registry/external/prometheus.ts';
import { PARTS_METRICS } from '../otel/registry/parts.ts';
import { SINK_METRICS } from '../otel/registry/sink.ts';
import type { AlertRule, RuleGroup } from './alert.ts';
import { increased } from './expressions.ts';
import type { Time } from './time.ts';

const { clickhouseUp, kafkaUp, postgresUp, partitionPartsMax, diskFree, diskSize } = PARTS_METRICS;
const { insertDuration } = SINK_METRICS;
const MINUTE = 60;

/** The parts below the platform: gone, slow or full. Others suffer from them, so these silence the alerts of those. */
export const partsGroup = (time: Time): RuleGroup => ({
  name: 'parts',
  alerts: [
    unavailable(time, {
      name: 'KafkaUnavailable',
      isUp: series(kafkaUp),
      summary: 'Kafka is away: accepted events go to the spool, and none reach ClickHouse.',
      description: 'No broker has answered a worker for 2 minutes.',
      panel: panelLink('parts', 'errors'),
    }),
    unavailable(time, {
      name: 'ClickHouseUnavailable',
      isUp: series(clickhouseUp),
      summary: 'ClickHouse is away: events wait on Kafka, no window is computed, and readers see nothing.',
      description: 'ClickHouse has not answered a worker for 2 minutes.',
      panel: panelLink('parts', 'errors'),
    }),
    unavailable(time, {
      name: 'PostgresUnavailable',
      isUp: series(postgresUp),
      summary: 'PostgreSQL is away: ingest knows no keys and answers 503, and no window runs.',
      description: 'PostgreSQL has not answered a worker for 2 minutes.',
      panel: panelLink('parts', 'postgres'),
    }),
    unavailable(time, {
      name: 'TemporalUnavailable',
      isUp: series(PROMETHEUS.up, { job: 'temporal' }),
      summary: 'Temporal is away: no window is closed, reopened or replayed.',
      description: 'The server of Temporal has not answered Prometheus for 2 minutes.',
      panel: panelLink('parts', 'temporalServer'),
    }),
    tooManyParts(time),
    insertsSlow(time),
    diskNearlyFull(time),
  ],
});

/** Several workers ask; one that gets an answer is enough. */
function unavailable(
  time: Time,
  { isUp, ...words }: Pick<AlertRule, 'name' | 'summary' | 'description' | 'panel'> & { isUp: string },
): AlertRule {
  return { ...words, severity: 'critical', expr: `max(${isUp}) == 0`, forSeconds: time.seconds(2 * MINUTE) };
}

const tooManyParts = (time: Time): AlertRule => ({
  name: 'ClickHouseTooManyParts',
  severity: 'warning',
  expr: `max(${series(partitionPartsMax)}) > ${THRESHOLDS.partsMax}`,
  forSeconds: time.seconds(5 * MINUTE),
  summary: 'ClickHouse does not merge fast enough: soon it slows inserts down, then it refuses them.',
  description: 'A partition of a table has {{ $value }} parts.',
  panel: panelLink('parts', 'clickHouseParts'),
});

function insertsSlow(time: Time): AlertRule {
  const range = time.range(10 * MINUTE);
  const rates = `sum ${by(insertDuration, 'le')} (rate(${buckets(insertDuration)}[${range}]))`;
  const inserts = increased(count(insertDuration), range);
  return {
    name: 'ClickHouseInsertsSlow',
    severity: 'warning',
    expr: `histogram_quantile(0.95, ${rates}) > ${THRESHOLDS.insertSecondsMax} and ${inserts} >= ${THRESHOLDS.insertsMin}`,
    forSeconds: time.seconds(10 * MINUTE),
    summary: 'Inserts into ClickHouse take too long.',
    description: 'Of twenty inserts of the last 10 minutes one takes {{ $value | humanizeDuration }} or longer.',
    panel: panelLink('kafkaSink', 'insertTimes'),
  };
}

const diskNearlyFull = (time: Time): AlertRule => ({
  name: 'ClickHouseDiskNearlyFull',
  severity: 'critical',
  expr: `max ${by(diskFree, 'disk')} (1 - ${series(diskFree)} / ${series(diskSize)}) > ${THRESHOLDS.diskUsedRatioMax}`,
  forSeconds: time.seconds(5 * MINUTE),
  summary: 'A disk of ClickHouse is nearly full; when it is, nothing can be stored or computed.',
  description: 'The disk {{ $labels.disk }} is {{ $value | humanizePercentage }} full.',
  panel: panelLink('parts', 'clickHouseDisk'),
});
