import { INGEST_METRICS } from '../../../otel/registry/ingest.ts';
import { PROCESS_METRICS } from '../../../otel/registry/process.ts';
import { SINK_METRICS } from '../../../otel/registry/sink.ts';
import { WINDOWS_METRICS } from '../../../otel/registry/windows.ts';
import { OBJECTIVES } from '../../../otel/objectives.ts';
import { type AlertCase, type Series, growing, input } from './case.ts';

const { requestDuration } = INGEST_METRICS;
const { closeDelay, runs } = WINDOWS_METRICS;
const { exportedSpans } = PROCESS_METRICS;

/** 10,000 events a minute, of which so many are bad. */
interface Burn {
  readonly name: string;
  readonly objective: string;
  readonly summary: string;
  readonly bad: string;
  readonly series: (badPerMinute: number) => Series;
}

const ALL = 10_000;
const request = { instance: 'ingest-1', job: 'ingest' };

const BURNS: readonly Burn[] = [
  {
    name: 'IngestAvailabilityBudgetBurn',
    objective: 'ingest_availability',
    summary: 'Ingest refuses too many requests with 503.',
    bad: 'of the requests with events were answered 503',
    series: (bad) => ({
      [input(`${requestDuration.name}_count`, { ...request, status: '202' })]: growing(ALL - bad),
      [input(`${requestDuration.name}_count`, { ...request, status: '503' })]: growing(bad),
    }),
  },
  {
    name: 'IngestLatencyBudgetBurn',
    objective: 'ingest_latency',
    summary: 'Ingest answers too slowly.',
    bad: 'of the accepted requests took longer than 250 ms',
    series: (bad) => ({
      [input(`${requestDuration.name}_bucket`, { ...request, status: '202', le: '0.25' })]: growing(ALL - bad),
      [input(`${requestDuration.name}_count`, { ...request, status: '202' })]: growing(ALL),
    }),
  },
  {
    name: 'SinkFreshnessBudgetBurn',
    objective: 'freshness',
    summary: 'Events can be queried too late.',
    bad: 'of the rows could be queried only more than 10 s after they were received',
    series: (bad) => ({
      [input(SINK_METRICS.storedRows.name, { job: 'sink', freshness: 'fresh' })]: growing(ALL - bad),
      [input(SINK_METRICS.storedRows.name, { job: 'sink', freshness: 'stale' })]: growing(bad),
    }),
  },
  {
    name: 'WindowCloseBudgetBurn',
    objective: 'window_close',
    summary: 'Windows are published too late.',
    bad: 'of the windows were first published more than 15 min after they were due',
    series: (bad) => ({
      [input(`${closeDelay.name}_bucket`, { job: 'worker', le: '900.0' })]: growing(ALL - bad),
      [input(`${closeDelay.name}_count`, { job: 'worker' })]: growing(ALL),
    }),
  },
  {
    name: 'WindowCorrectnessBudgetBurn',
    objective: 'attribution_correctness',
    summary: 'Too many runs of windows do not add up.',
    bad: 'of the runs of windows were refused because they do not add up',
    series: (bad) => ({
      [input(runs.name, { job: 'worker', outcome: 'published', reason: 'close' })]: growing(ALL - bad),
      [input(runs.name, { job: 'worker', outcome: 'inconsistent', reason: 'close' })]: growing(bad),
    }),
  },
  {
    name: 'TraceCompletenessBudgetBurn',
    objective: 'trace_completeness',
    summary: 'Traces have holes: spans get lost on their way to the trace store.',
    bad: 'of the spans of sampled traces were lost',
    series: (bad) => ({
      [input(exportedSpans.name, { job: 'sink', outcome: 'stored' })]: growing(ALL - bad),
      [input(exportedSpans.name, { job: 'sink', outcome: 'lost' })]: growing(bad),
    }),
  },
];

/** All four pairs of windows are above their limit when the budget is spent twenty times too fast. */
const FACTOR = 20;
const WINDOWS = [
  { long_window: '1h', factor: 14.4, severity: 'critical' },
  { long_window: '6h', factor: 6, severity: 'critical' },
  { long_window: '1d', factor: 3, severity: 'warning' },
  { long_window: '3d', factor: 1, severity: 'warning' },
] as const;

const badPerMinute = (objective: string, factor: number): number =>
  Math.round(ALL * factor * (1 - OBJECTIVES[objective as keyof typeof OBJECTIVES].targetRatio));

const burnCases = BURNS.map(({ name, objective, summary, bad, series }): AlertCase => {
  const share = badPerMinute(objective, FACTOR) / ALL;
  return {
    name,
    summary,
    // As fast as the budget just lasts, which is no reason to wake anybody.
    quiet: series(badPerMinute(objective, 0.9)),
    firing: series(badPerMinute(objective, FACTOR)),
    at: '3h',
    told: WINDOWS.map(({ long_window, factor, severity }) => ({
      labels: { severity, objective, long_window },
      description: `${share * 100}% ${bad} in the last ${long_window}: the error budget of 30 days is spent more than ${factor} times as fast as it may be.`,
    })),
  };
});

const allMeasured: Series = Object.assign({}, ...BURNS.map(({ series }) => series(0)));

const unmeasured: AlertCase = {
  name: 'ObjectiveUnmeasured',
  summary: 'Nobody measures whether an objective is kept.',
  quiet: allMeasured,
  firing: Object.fromEntries(
    Object.entries(allMeasured).filter(([series]) => !series.includes(SINK_METRICS.storedRows.name)),
  ),
  at: '2h',
  told: [toldUnmeasured('freshness')],
  withoutData: Object.keys(OBJECTIVES).map(toldUnmeasured),
};

function toldUnmeasured(objective: string) {
  return {
    labels: { severity: 'warning', objective },
    description: `The metrics of the objective ${objective} are missing, so no alert of it can fire.`,
  };
}

/** Objectives. */
export const OBJECTIVE_CASES: readonly AlertCase[] = [...burnCases, unmeasured];
