import { panelLink } from '../dashboards/links.ts';
import { THRESHOLDS } from '../otel/objectives.ts';
import { by, series } from '../otel/promql.ts';
import { PROMETHEUS } from '../otel/registry/external/prometheus.ts';
import { INCIDENTS_METRICS } from '../otel/registry/incidents.ts';
import type { AlertRule, RuleGroup } from './alert.ts';
import { increased } from './expressions.ts';
import type { Time } from './time.ts';

const { nobodyAnswered, notices, emptyShifts } = INCIDENTS_METRICS;
const MINUTE = 60;
const HOUR = 3_600;
const DAY = 24 * HOUR;

/** Alerts about the way to people itself: it cannot be trusted to carry them, so they go to a channel without it. */
const DIRECT = { route: 'direct' } as const;

/** Whether whoever has to know is told. */
export const incidentsGroup = (time: Time): RuleGroup => ({
  name: 'incidents',
  alerts: [unavailable(time), unanswered(time), noticesFailing(time), shiftEmpty(time)],
});

function unavailable(time: Time): AlertRule {
  const up = series(PROMETHEUS.up, { job: 'incidents' });
  // Who has never run it is told by other ways, and knows.
  const wasKnown = `max(max_over_time(${up}[${time.range(DAY)}])) * 0`;
  return {
    name: 'IncidentsUnavailable',
    severity: 'critical',
    expr: `(max(${up}) or ${wasKnown}) == 0`,
    forSeconds: time.seconds(2 * MINUTE),
    labels: DIRECT,
    summary: 'The process that tells people of alerts is away: nobody is paged by it.',
    description: 'No process of incidents has answered Prometheus for 2 minutes; open incidents wait in Temporal.',
    panel: panelLink('incidents', 'processes'),
  };
}

const unanswered = (time: Time): AlertRule => ({
  name: 'IncidentNobodyAnswered',
  severity: 'critical',
  expr: `${increased(series(nobodyAnswered), time.range(15 * MINUTE))} > 0`,
  forSeconds: 0,
  labels: DIRECT,
  summary: 'An incident went through its whole ladder, and nobody answered.',
  description: '{{ $value | humanize }} ladders of incidents have ended without an answer in the last 15 minutes.',
  panel: panelLink('incidents', 'unanswered'),
});

function noticesFailing(time: Time): AlertRule {
  const range = time.range(15 * MINUTE);
  const perChannel = by(notices, 'channel');
  const failed = increased(series(notices, { outcome: 'failed' }), range, perChannel);
  return {
    name: 'IncidentNoticesFailing',
    severity: 'warning',
    expr: `${failed} / ${increased(series(notices), range, perChannel)} > ${THRESHOLDS.failedNoticesRatioMax} and ${failed} >= ${THRESHOLDS.failedNoticesMin}`,
    forSeconds: time.seconds(MINUTE),
    labels: DIRECT,
    summary: 'Notices of incidents do not reach people by one kind of channel.',
    description:
      '{{ $value | humanizePercentage }} of the notices by {{ $labels.channel }} have failed in the last 15 minutes.',
    panel: panelLink('incidents', 'notices'),
  };
}

const shiftEmpty = (time: Time): AlertRule => ({
  name: 'IncidentShiftEmpty',
  severity: 'warning',
  expr: `${increased(series(emptyShifts), time.range(HOUR))} > 0`,
  forSeconds: 0,
  summary: 'An incident was to tell a schedule in which nobody is on call.',
  description:
    '{{ $value | humanize }} steps of the last hour found nobody on call; the next steps were taken at once.',
  panel: panelLink('incidents', 'emptyShifts'),
});
