import { PROMETHEUS } from '../../../otel/registry/external/prometheus.ts';
import { WINDOWS_METRICS } from '../../../otel/registry/windows.ts';
import { type AlertCase, type Series, always, growing, input } from './case.ts';

const { runDuration, windows, overdue, ledgerDifferences, collisions, replayWindows, replays } = WINDOWS_METRICS;
const worker = { instance: 'worker-1', job: 'worker' };
const warning = { severity: 'warning' };
const critical = { severity: 'critical' };
const inState = (state: string): string => input(windows.name, { ...worker, state });
const worked = input(PROMETHEUS.up.name, worker);
const ended = input(`${runDuration.name}_count`, { ...worker, outcome: 'published' });
const lost = (code: string): string => input(ledgerDifferences.name, { ...worker, tenant: 'acme', code });

/** A gauge of a state that is 0, and one that is not. */
const state = (name: string): { quiet: Series; firing: Series } => ({
  quiet: { [inState(name)]: always(0), [inState('open')]: always(9) },
  firing: { [inState(name)]: '0x5 2x1500' },
});

/** Windows, replays and the ledger. */
export const WINDOWS_CASES: readonly AlertCase[] = [
  {
    name: 'WindowOverdue',
    summary: 'A window was due long ago and is not published.',
    quiet: { [input(overdue.name, { ...worker, tenant: 'acme' })]: '0x5 60+60x20 0x1500' },
    firing: { [input(overdue.name, { ...worker, tenant: 'acme' })]: '0x5 60+60x1500' },
    at: '65m',
    told: [
      {
        labels: { ...critical, tenant: 'acme' },
        description: 'The oldest window of acme that is not published has been due for 1h 0m 0s.',
      },
    ],
  },
  {
    name: 'WindowStuckInVerify',
    summary: 'Windows are being verified, and no run ends.',
    // Always some in verification, and runs end.
    quiet: { [inState('verifying')]: always(2), [ended]: growing(1) },
    firing: { [inState('verifying')]: always(2), [ended]: always(7) },
    at: '60m',
    told: [
      {
        labels: warning,
        description: '2 windows have been in verification for 30 minutes, in which no run of any window has ended.',
      },
    ],
  },
  {
    name: 'WindowInconsistent',
    summary: 'A window does not add up and was refused; readers see its version before.',
    ...state('inconsistent'),
    at: '20m',
    told: [
      {
        labels: critical,
        description: '2 windows are inconsistent: credits do not add up, or the ledger knows of lost events.',
      },
    ],
  },
  {
    name: 'WindowFailed',
    summary: 'A window cannot be computed, for a reason that does not pass by itself.',
    ...state('failed'),
    at: '30m',
    told: [{ labels: warning, description: '2 windows have failed and are tried again every ten minutes.' }],
  },
  {
    name: 'LedgerEventsLost',
    summary: 'The ledger misses accepted events.',
    // These are explained differences, and no losses.
    quiet: { [lost('repeated')]: always(9), [lost('uncounted')]: always(9), [lost('missing')]: always(0) },
    firing: { [lost('row_gap')]: '0x5 4x1500' },
    at: '20m',
    told: [
      {
        labels: { ...critical, tenant: 'acme', code: 'row_gap' },
        description: '4 events of acme were accepted and are not in ClickHouse (row_gap).',
      },
    ],
  },
  {
    name: 'EventCollisionsRising',
    summary: 'A client sends different events under one identity; only the first of each counts.',
    // Another worker takes over, and Prometheus has just begun: both know of old ones.
    quiet: {
      [worked]: always(1),
      [input(collisions.name, { ...worker, tenant: 'acme' })]: '500x70 _x1500',
      [input(collisions.name, { ...worker, instance: 'worker-2', tenant: 'acme' })]: '_x70 500x1500',
    },
    // The series is there only from the first collision on.
    firing: { [worked]: always(1), [input(collisions.name, { ...worker, tenant: 'acme' })]: '_x70 40x1500' },
    at: '80m',
    told: [
      {
        labels: { ...warning, tenant: 'acme' },
        description: '40 events of acme came in the last hour with the identity of another one.',
      },
    ],
  },
  {
    name: 'ReplayFailed',
    summary: 'Windows of a replay failed.',
    quiet: {
      [input(replayWindows.name, { ...worker, state: 'failed' })]: always(3),
      [input(replayWindows.name, { ...worker, state: 'published' })]: growing(4),
    },
    firing: { [input(replayWindows.name, { ...worker, state: 'failed' })]: '0x70 0+1x6 6x1500' },
    at: '80m',
    told: [
      {
        labels: warning,
        description: '6 windows of replays failed in the last hour; what was published of them before stays.',
      },
    ],
  },
  {
    name: 'ReplayStalled',
    summary: 'A replay runs, and none of its windows ends.',
    quiet: {
      [input(replays.name, { ...worker, state: 'running' })]: always(1),
      [input(replayWindows.name, { ...worker, state: 'published' })]: growing(1),
    },
    firing: {
      [input(replays.name, { ...worker, state: 'running' })]: always(1),
      [input(replayWindows.name, { ...worker, state: 'published' })]: always(8),
    },
    at: '60m',
    told: [{ labels: warning, description: '1 replays run, and no window of any replay has ended for 30 minutes.' }],
  },
];
