import { panelLink } from '../dashboards/links.ts';
import { THRESHOLDS } from '../otel/objectives.ts';
import { by, count, series } from '../otel/promql.ts';
import { INGEST_METRICS } from '../otel/registry/ingest.ts';
import type { AlertRule, RuleGroup } from './alert.ts';
import { increased } from './expressions.ts';
import type { Time } from './time.ts';

const { requestDuration, tenantEvents, spoolAge, spoolBytes, spoolBytesMax, eventAges } = INGEST_METRICS;
const MINUTE = 60;
const HOUR = 3_600;

/** What can be wrong where events come in. */
export const ingestGroup = (time: Time): RuleGroup => ({
  name: 'ingest',
  alerts: [
    silent(time),
    spoolInUse(time),
    spoolNearlyFull(time),
    tenantOverQuota(time),
    clientClockSkew(time),
    lateData(time),
  ],
});

/** The twin of the rates of ingest: where nothing comes in, nothing is refused and nothing is slow. */
function silent(time: Time): AlertRule {
  // Long, so that the alert lasts as long as a silence of hours.
  const before = `sum(increase(${count(requestDuration)}[${time.range(6 * HOUR)}] offset ${time.range(15 * MINUTE)}))`;
  const now = increased(count(requestDuration), time.range(15 * MINUTE));
  return {
    name: 'IngestSilent',
    severity: 'warning',
    expr: `${now} == 0 and ${before} >= ${THRESHOLDS.silentAfterRequestsMin}`,
    forSeconds: time.seconds(5 * MINUTE),
    summary: 'No client sends events any more.',
    description: 'Ingest has had no request with events for 15 minutes, and plenty in the six hours before.',
    panel: panelLink('ingest', 'requests'),
  };
}

const spoolInUse = (time: Time): AlertRule => ({
  name: 'IngestSpoolInUse',
  severity: 'warning',
  expr: `${series(spoolAge)} > ${time.seconds(THRESHOLDS.spoolAgeSecondsMax)}`,
  forSeconds: time.seconds(MINUTE),
  summary: 'Accepted events wait on the spool, because Kafka does not take them.',
  description:
    'The oldest record on the spool of {{ $labels.instance }} has waited for {{ $value | humanizeDuration }}.',
  panel: panelLink('ingest', 'spoolAge'),
});

const spoolNearlyFull = (time: Time): AlertRule => ({
  name: 'IngestSpoolNearlyFull',
  severity: 'critical',
  expr: `${series(spoolBytes)} / ${series(spoolBytesMax)} > ${THRESHOLDS.spoolUsedRatioMax}`,
  forSeconds: time.seconds(MINUTE),
  summary: 'The spool is nearly full: ingest will refuse events with 503.',
  description: 'The spool of {{ $labels.instance }} is {{ $value | humanizePercentage }} full.',
  panel: panelLink('ingest', 'spoolBytes'),
});

function tenantOverQuota(time: Time): AlertRule {
  const range = time.range(10 * MINUTE);
  const perTenant = by(tenantEvents, 'tenant');
  const refused = increased(series(tenantEvents, { outcome: 'rate_limited' }), range, perTenant);
  return {
    name: 'IngestTenantOverQuota',
    severity: 'warning',
    expr: `${refused} / ${increased(series(tenantEvents), range, perTenant)} > ${THRESHOLDS.overQuotaRatioMax} and ${refused} >= ${THRESHOLDS.eventsMin}`,
    forSeconds: time.seconds(5 * MINUTE),
    summary: 'A tenant sends more than its limit, and is refused with 429.',
    description:
      '{{ $value | humanizePercentage }} of the events of {{ $labels.tenant }} in the last 10 minutes were over its limit.',
    panel: panelLink('tenants', 'overQuota'),
  };
}

function clientClockSkew(time: Time): AlertRule {
  const range = time.range(15 * MINUTE);
  const ahead = increased(series(eventAges, { age: 'ahead' }), range);
  const all = increased(series(eventAges), range);
  return {
    name: 'IngestClientClockSkew',
    severity: 'warning',
    expr: `${ahead} / ${all} > ${THRESHOLDS.aheadEventsRatioMax} and ${all} >= ${THRESHOLDS.eventsMin}`,
    forSeconds: time.seconds(5 * MINUTE),
    summary: 'Clients with wrong clocks send events from the future.',
    description:
      '{{ $value | humanizePercentage }} of the events of the last 15 minutes say that they happen more than a minute after they were received.',
    panel: panelLink('dataQuality', 'clockSkew'),
  };
}

function lateData(time: Time): AlertRule {
  const range = time.range(HOUR);
  const late = increased(series(eventAges, { age: ['within_week', 'older'] }), range);
  const all = increased(series(eventAges), range);
  return {
    name: 'IngestLateDataAboveProfile',
    severity: 'warning',
    expr: `${late} / ${all} > ${THRESHOLDS.lateEventsRatioMax} and ${all} >= ${THRESHOLDS.eventsMin}`,
    forSeconds: time.seconds(15 * MINUTE),
    summary: 'More events than usual come a day or more after they happened.',
    description:
      '{{ $value | humanizePercentage }} of the events of the last hour are older than a day: windows will be reopened, and some events come too late for theirs.',
    panel: panelLink('ingest', 'eventAges'),
  };
}
