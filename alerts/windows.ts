import { panelLink } from '../dashboards/links.ts';
import { THRESHOLDS } from '../otel/objectives.ts';
import { by, count, series } from '../otel/promql.ts';
import { PROMETHEUS } from '../otel/registry/external/prometheus.ts';
import { WINDOWS_METRICS } from '../otel/registry/windows.ts';
import type { AlertRule, RuleGroup } from './alert.ts';
import { grown, increased } from './expressions.ts';
import type { Time } from './time.ts';

const { runDuration, windows, overdue, ledgerDifferences, collisions, replayWindows, replays } = WINDOWS_METRICS;
const MINUTE = 60;
const HOUR = 3_600;

/** What can be wrong with the numbers that readers see, and with how they are made. */
export const windowsGroup = (time: Time): RuleGroup => ({
  name: 'windows',
  alerts: [
    windowOverdue(time),
    stuckInVerify(time),
    inconsistent(time),
    failed(time),
    eventsLost(time),
    collisionsRising(time),
    replayFailed(time),
    replayStalled(time),
  ],
});

const windowOverdue = (time: Time): AlertRule => ({
  name: 'WindowOverdue',
  severity: 'critical',
  expr: `max ${by(overdue, 'tenant')} (${series(overdue)}) > ${time.seconds(THRESHOLDS.windowOverdueSecondsMax)}`,
  forSeconds: time.seconds(5 * MINUTE),
  summary: 'A window was due long ago and is not published.',
  description:
    'The oldest window of {{ $labels.tenant }} that is not published has been due for {{ $value | humanizeDuration }}.',
  panel: panelLink('windows', 'overdue'),
});

function stuckInVerify(time: Time): AlertRule {
  const range = time.range(30 * MINUTE);
  const verifying = `max(min_over_time(${series(windows, { state: 'verifying' })}[${range}]))`;
  return {
    name: 'WindowStuckInVerify',
    severity: 'warning',
    expr: `${verifying} > 0 unless ${increased(count(runDuration), range)} > 0`,
    forSeconds: time.seconds(5 * MINUTE),
    summary: 'Windows are being verified, and no run ends.',
    description:
      '{{ $value }} windows have been in verification for 30 minutes, in which no run of any window has ended.',
    panel: panelLink('windows', 'states'),
  };
}

const inconsistent = (time: Time): AlertRule => ({
  name: 'WindowInconsistent',
  severity: 'critical',
  expr: `max(${series(windows, { state: 'inconsistent' })}) > 0`,
  forSeconds: time.seconds(5 * MINUTE),
  summary: 'A window does not add up and was refused; readers see its version before.',
  description: '{{ $value }} windows are inconsistent: credits do not add up, or the ledger knows of lost events.',
  panel: panelLink('windows', 'inconsistent'),
});

const failed = (time: Time): AlertRule => ({
  name: 'WindowFailed',
  severity: 'warning',
  expr: `max(${series(windows, { state: 'failed' })}) > 0`,
  forSeconds: time.seconds(15 * MINUTE),
  summary: 'A window cannot be computed, for a reason that does not pass by itself.',
  description: '{{ $value }} windows have failed and are tried again every ten minutes.',
  panel: panelLink('windows', 'failedRuns'),
});

const eventsLost = (time: Time): AlertRule => ({
  name: 'LedgerEventsLost',
  severity: 'critical',
  expr: `max ${by(ledgerDifferences, 'tenant', 'code')} (${series(ledgerDifferences, { code: ['missing', 'offset_gap', 'row_gap'] })}) > ${THRESHOLDS.lostEventsMax}`,
  forSeconds: time.seconds(5 * MINUTE),
  summary: 'The ledger misses accepted events.',
  description:
    '{{ $value }} events of {{ $labels.tenant }} were accepted and are not in ClickHouse ({{ $labels.code }}).',
  panel: panelLink('dataQuality', 'ledgerDifferencesNow'),
});

const collisionsRising = (time: Time): AlertRule => ({
  name: 'EventCollisionsRising',
  severity: 'warning',
  // Of an hour in which nobody looked nothing is known, and old collisions would seem to be new.
  expr: `${grown(series(collisions), time.range(HOUR), (each) => `max ${by(collisions, 'tenant')} (${each})`)} > ${THRESHOLDS.collisionsMax} and on () max(${series(PROMETHEUS.up, { job: 'worker' })} offset ${time.range(HOUR)}) > 0`,
  forSeconds: time.seconds(5 * MINUTE),
  summary: 'A client sends different events under one identity; only the first of each counts.',
  description: '{{ $value }} events of {{ $labels.tenant }} came in the last hour with the identity of another one.',
  panel: panelLink('dataQuality', 'collisions'),
});

const replayFailed = (time: Time): AlertRule => ({
  name: 'ReplayFailed',
  severity: 'warning',
  expr: `${increased(series(replayWindows, { state: 'failed' }), time.range(HOUR))} > 0`,
  forSeconds: 0,
  summary: 'Windows of a replay failed.',
  description:
    '{{ $value | humanize }} windows of replays failed in the last hour; what was published of them before stays.',
  panel: panelLink('windows', 'replayStates'),
});

const replayStalled = (time: Time): AlertRule => ({
  name: 'ReplayStalled',
  severity: 'warning',
  expr: `max(${series(replays, { state: 'running' })}) > 0 unless ${increased(series(replayWindows), time.range(30 * MINUTE))} > 0`,
  forSeconds: time.seconds(10 * MINUTE),
  summary: 'A replay runs, and none of its windows ends.',
  description: '{{ $value }} replays run, and no window of any replay has ended for 30 minutes.',
  panel: panelLink('windows', 'replays'),
});
