import { LEDGER_CODES } from '../../events/ledger.ts';
import { bounded, counter, gauge, histogram } from './declare.ts';

const REASONS = ['close', 'reopen', 'command', 'replay'] as const;
const PUBLICATION_REASONS = [...REASONS, 'rollback'] as const;
/** What runs again and again beside the windows. */
export const RECURRING_JOBS = ['reconcile', 'audit', 'ledger'] as const;
/** Replays that have not ended. */
export const LIVE_REPLAY_STATES = ['running', 'paused', 'cancelling'] as const;
const OUTCOMES = ['published', 'unchanged', 'inconsistent', 'failed'] as const;

/** Where a window can stand, as in Temporal's search attribute UnmogrowpWindowState. */
export const WINDOW_STATES = [
  'loading',
  'waiting',
  'importing',
  'queued',
  'arriving',
  'running',
  'verifying',
  'publishing',
  'open',
  'inconsistent',
  'failed',
] as const;

/** What can become of a window in a replay. */
const REPLAY_STATES = ['failed', 'unchanged', 'computed', 'conflict', 'published', 'kept', 'rolled_back'] as const;

/** What the worker measures about windows. */
export const WINDOWS_METRICS = {
  runs: counter({
    name: 'unmogrowp_window_runs_total',
    help: 'Runs of windows by how they ended and why they were made.',
    labels: { outcome: OUTCOMES, reason: REASONS },
    exemplars: true,
  }),
  runDuration: histogram({
    name: 'unmogrowp_window_run_duration_seconds',
    help: 'From the start of the arrival barrier of a run to its outcome.',
    unit: 'seconds',
    buckets: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600],
    labels: { outcome: OUTCOMES },
    exemplars: true,
  }),
  computeDuration: histogram({
    name: 'unmogrowp_window_compute_duration_seconds',
    help: 'How long ClickHouse took to compute the credits of one window.',
    unit: 'seconds',
    buckets: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600],
    exemplars: true,
  }),
  arrivalWait: histogram({
    name: 'unmogrowp_window_arrival_wait_seconds',
    help: 'How long a run waited until everything that had been accepted was in ClickHouse.',
    unit: 'seconds',
    buckets: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600],
    exemplars: true,
  }),
  closeDelay: histogram({
    name: 'unmogrowp_window_close_delay_seconds',
    help: 'From the moment at which a window was due, or at which it was found if that was later, to its first publication.',
    unit: 'seconds',
    buckets: [1, 5, 10, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 14_400],
    exemplars: true,
  }),
  overdue: gauge({
    name: 'unmogrowp_window_overdue_seconds',
    help: 'How long the oldest window with rows has been due without a publication, 0 when there is none.',
    labels: { tenant: bounded('tenants') },
  }),
  publications: counter({
    name: 'unmogrowp_window_publications_total',
    help: 'Publications of windows by why their run was made, or as the return to an earlier run.',
    labels: { reason: PUBLICATION_REASONS },
    exemplars: true,
  }),
  replayWindows: counter({
    name: 'unmogrowp_replay_windows_total',
    help: 'Windows of replays by the state that they reached: computed by a dry run, published, refused and so on.',
    labels: { state: REPLAY_STATES },
  }),
  replays: gauge({
    name: 'unmogrowp_replays',
    help: 'Replays that have not ended.',
    labels: { state: LIVE_REPLAY_STATES },
  }),
  jobAge: gauge({
    name: 'unmogrowp_job_age_seconds',
    help: 'Time since a recurring workflow last ended well, or since the worker began when none has.',
    labels: { job_name: RECURRING_JOBS },
  }),
  startedWindows: counter({
    name: 'unmogrowp_windows_started_total',
    help: 'Windows with rows and without a publication that were asked to start, some of them while they ran already.',
  }),
  reopens: counter({
    name: 'unmogrowp_window_reopens_total',
    help: 'Requests to run a window again, because of rows that its last run had not seen.',
  }),
  heldWindows: counter({
    name: 'unmogrowp_windows_held_total',
    help: 'Windows that were left alone because a running import held them, once for each time.',
  }),
  removedRuns: counter({
    name: 'unmogrowp_window_removed_runs_total',
    help: 'Runs that were never published and whose credits were deleted.',
  }),
  reconcileDuration: histogram({
    name: 'unmogrowp_reconcile_duration_seconds',
    help: 'How long one reconcile took: examining what had come, and telling the windows that it concerns.',
    unit: 'seconds',
    buckets: [0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900],
  }),
  examinedRecords: counter({
    name: 'unmogrowp_examined_records_total',
    help: 'Records of the log that were examined for windows that they concern.',
  }),
  unexaminedRecords: gauge({
    name: 'unmogrowp_unexamined_records',
    help: 'Records in ClickHouse that no reconcile had examined when the last slice was done.',
  }),
  touchedWindows: gauge({
    name: 'unmogrowp_touched_windows',
    help: 'Windows that were found and not told yet, after the last reconcile: those that an import holds.',
  }),
  lateBeyondHorizon: gauge({
    name: 'unmogrowp_late_beyond_horizon_rows',
    help: 'Rows that came after the late horizon of the window of their time; only a replay includes them.',
    labels: { tenant: bounded('tenants') },
  }),
  collisions: gauge({
    name: 'unmogrowp_event_collisions',
    help: 'Copies of events that came with another content than the copy received first, and do not count.',
    labels: { tenant: bounded('tenants') },
  }),
  auditDuration: histogram({
    name: 'unmogrowp_audit_duration_seconds',
    help: 'How long one audit of all windows took.',
    unit: 'seconds',
    buckets: [0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900],
  }),
  auditReopens: counter({
    name: 'unmogrowp_audit_reopens_total',
    help: 'Windows that an audit reopened: what reconcile had found and no run had seen, or what was checked again after long.',
  }),
  ledgerDuration: histogram({
    name: 'unmogrowp_ledger_duration_seconds',
    help: 'How long the worker took for the hours of receipt that were due to be measured, or for a minute of them.',
    unit: 'seconds',
    buckets: [0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900],
  }),
  ledgerDifferences: gauge({
    name: 'unmogrowp_ledger_difference_events',
    help: 'Events by which the sides of the ledger differ, in the hours of receipt of which Kafka keeps the records.',
    labels: { tenant: bounded('tenants'), code: LEDGER_CODES },
  }),
  ledgerReopens: counter({
    name: 'unmogrowp_ledger_reopens_total',
    help: 'Windows that the ledger let run again: events that may be theirs got lost, or are back.',
  }),
  windows: gauge({
    name: 'unmogrowp_windows',
    help: 'Windows that are looked after, by where they stand.',
    labels: { state: WINDOW_STATES },
  }),
  freshness: gauge({
    name: 'unmogrowp_window_freshness_seconds',
    help: "Time since the end of a tenant's newest published window.",
    labels: { tenant: bounded('tenants') },
  }),
} as const;
