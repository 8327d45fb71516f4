import { buckets, series } from '../../otel/promql.ts';
import { SINK_METRICS } from '../../otel/registry/sink.ts';
import { WINDOWS_METRICS, type WINDOW_STATES } from '../../otel/registry/windows.ts';

type WindowState = (typeof WINDOW_STATES)[number];

/** What an alert says about numbers that readers see. */
export interface AlertData {
  /** States of the windows that it is about. */
  readonly states: readonly WindowState[];
  /** Only windows that were due long enough ago to be missed. */
  readonly isOverdueOnly?: true;
  /**
   * Which windows have to be computed again when the cause is gone: those in the states, all that were open since the alert
   * began, or none, because they come by themselves.
   */
  readonly replay: 'affected' | 'since_alert' | null;
}

const UNPUBLISHED: readonly WindowState[] = [
  'loading',
  'waiting',
  'importing',
  'queued',
  'arriving',
  'running',
  'verifying',
  'publishing',
  'failed',
  'inconsistent',
];
const NONE: readonly WindowState[] = [];

/** The alerts about data: windows, the ledger, what the sink could not store. */
const OF_DATA: Readonly<Record<string, AlertData>> = {
  WindowInconsistent: { states: ['inconsistent'], replay: 'affected' },
  WindowCorrectnessBudgetBurn: { states: ['inconsistent'], replay: 'affected' },
  WindowFailed: { states: ['failed'], replay: 'affected' },
  ReplayFailed: { states: ['failed', 'inconsistent'], replay: 'affected' },
  // What is lost is missed only where somebody has measured; the rest of its time is worth the same look.
  LedgerEventsLost: { states: ['inconsistent'], replay: 'since_alert' },
  SinkRecordsExpired: { states: ['inconsistent'], replay: 'since_alert' },
  SinkDeadLettersRising: { states: NONE, replay: 'since_alert' },
  SinkDeadLettersWaiting: { states: NONE, replay: 'since_alert' },
  EventCollisionsRising: { states: NONE, replay: 'since_alert' },
  // Windows that are late are computed by themselves; nothing that was published is wrong.
  WindowOverdue: { states: UNPUBLISHED, isOverdueOnly: true, replay: null },
  WindowCloseBudgetBurn: { states: UNPUBLISHED, isOverdueOnly: true, replay: null },
  WindowStuckInVerify: { states: ['verifying'], replay: null },
  ReplayStalled: { states: ['queued', 'running', 'verifying'], replay: null },
};

/** The alerts about something else: whatever waits meanwhile is computed with everything in it when it comes. */
export const NOT_OF_DATA: readonly string[] = [
  'IngestAvailabilityBudgetBurn',
  'IngestLatencyBudgetBurn',
  'IngestSilent',
  'IngestSpoolInUse',
  'IngestSpoolNearlyFull',
  'IngestTenantOverQuota',
  'IngestClientClockSkew',
  // Late events reopen their windows by themselves.
  'IngestLateDataAboveProfile',
  'KafkaLagGrowing',
  'SinkFreshnessBudgetBurn',
  'SinkPartitionBlocked',
  'SinkStalled',
  'KafkaUnavailable',
  'ClickHouseUnavailable',
  'PostgresUnavailable',
  'TemporalUnavailable',
  'ClickHouseTooManyParts',
  'ClickHouseInsertsSlow',
  'ClickHouseDiskNearlyFull',
  'WorkflowNonDeterminism',
  'WorkflowPollersMissing',
  'WorkflowScheduleMissed',
  'WorkflowActivityBacklog',
  'TraceCompletenessBudgetBurn',
  'ObjectiveUnmeasured',
  'ScrapeTargetMissing',
  'TelemetryDropped',
  'Watchdog',
  'LogErrorsRising',
  'LogBugReported',
  'IncidentNobodyAnswered',
  'IncidentNoticesFailing',
  'IncidentShiftEmpty',
  'IncidentsUnavailable',
];

/** Every alert that is about data. */
export const alertsOfData = (): string[] => Object.keys(OF_DATA);

/** What an alert says about numbers; undefined when it says nothing about them, or is not one of ours. */
export const dataOf = (alertName: string): AlertData | undefined =>
  Object.hasOwn(OF_DATA, alertName) ? OF_DATA[alertName] : undefined;

const { runs } = WINDOWS_METRICS;
const { insertDuration } = SINK_METRICS;
const REFUSED_INSERTS = buckets(insertDuration, { outcome: ['refused', 'failed'] });

/** Series that break together with those of an alert and name traces, where its own are gauges, which never do. */
const RELATED: Readonly<Record<string, string>> = {
  WindowInconsistent: series(runs, { outcome: 'inconsistent' }),
  WindowFailed: series(runs, { outcome: 'failed' }),
  WindowOverdue: series(runs, { outcome: ['failed', 'inconsistent'] }),
  ReplayFailed: series(runs, { outcome: ['failed', 'inconsistent'], reason: 'replay' }),
  ReplayStalled: series(runs, { reason: 'replay' }),
  LedgerEventsLost: series(runs, { outcome: 'inconsistent' }),
  SinkPartitionBlocked: REFUSED_INSERTS,
  SinkStalled: REFUSED_INSERTS,
  SinkDeadLettersRising: REFUSED_INSERTS,
  KafkaLagGrowing: buckets(insertDuration),
  ClickHouseUnavailable: REFUSED_INSERTS,
  ClickHouseTooManyParts: buckets(insertDuration),
};

/** What else may name traces behind an alert. */
export const relatedSeries = (alertName: string): string[] =>
  Object.hasOwn(RELATED, alertName) ? [RELATED[alertName] ?? ''] : [];
