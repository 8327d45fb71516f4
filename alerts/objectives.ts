import { panelLink } from '../dashboards/links.ts';
import {
  BURN_RATES,
  OBJECTIVES,
  OBJECTIVE_WINDOW_SECONDS,
  type ObjectiveName,
  THRESHOLDS,
} from '../otel/objectives.ts';
import { buckets, count, series } from '../otel/promql.ts';
import { INGEST_METRICS } from '../otel/registry/ingest.ts';
import { OBJECTIVE_RECORDS } from '../otel/registry/objectives.ts';
import { PROCESS_METRICS } from '../otel/registry/process.ts';
import { SINK_METRICS } from '../otel/registry/sink.ts';
import { WINDOWS_METRICS } from '../otel/registry/windows.ts';
import type { AlertRule, RuleGroup } from './alert.ts';
import type { Time } from './time.ts';

/** What an objective counts within a range such as `5m`, as PromQL that gives one number. */
interface Measured {
  readonly bad: (range: string) => string;
  readonly all: (range: string) => string;
}

const increase = (selector: string, range: string): string => `sum(increase(${selector}[${range}]))`;

/** All of a distribution that are not within a bound. */
const beyond = (all: string, within: string) => ({
  bad: (range: string) => `(${increase(all, range)} - ${increase(within, range)})`,
  all: (range: string) => increase(all, range),
});

function measuredBy(time: Time): Readonly<Record<ObjectiveName, Measured>> {
  const { requestDuration } = INGEST_METRICS;
  const { runs, closeDelay } = WINDOWS_METRICS;
  const { exportedSpans } = PROCESS_METRICS;
  const { storedRows } = SINK_METRICS;
  const answered = { status: ['202', '207'] } as const;
  const { ingestLatencySecondsMax, windowCloseDelaySecondsMax } = THRESHOLDS;
  return {
    ingest_availability: {
      bad: (range) => increase(count(requestDuration, { status: '503' }), range),
      all: (range) => increase(count(requestDuration), range),
    },
    ingest_latency: beyond(
      count(requestDuration, answered),
      buckets(requestDuration, { ...answered, le: ingestLatencySecondsMax }),
    ),
    freshness: {
      bad: (range) => increase(series(storedRows, { freshness: 'stale' }), range),
      all: (range) => increase(series(storedRows), range),
    },
    window_close: beyond(
      count(closeDelay),
      buckets(closeDelay, { le: time.bucket(closeDelay, windowCloseDelaySecondsMax) }),
    ),
    attribution_correctness: {
      bad: (range) => increase(series(runs, { outcome: 'inconsistent' }), range),
      all: (range) => increase(series(runs, { outcome: ['published', 'unchanged', 'inconsistent'] }), range),
    },
    trace_completeness: {
      bad: (range) => increase(series(exportedSpans, { outcome: ['lost', 'dropped'] }), range),
      all: (range) => increase(series(exportedSpans), range),
    },
  };
}

/** The recorded share of bad events of each window that an alert looks at. */
const WINDOWS = [
  { record: OBJECTIVE_RECORDS.ratio5m, seconds: 300 },
  { record: OBJECTIVE_RECORDS.ratio30m, seconds: 1_800 },
  { record: OBJECTIVE_RECORDS.ratio1h, seconds: 3_600 },
  { record: OBJECTIVE_RECORDS.ratio2h, seconds: 7_200 },
  { record: OBJECTIVE_RECORDS.ratio6h, seconds: 21_600 },
  { record: OBJECTIVE_RECORDS.ratio1d, seconds: 86_400 },
  { record: OBJECTIVE_RECORDS.ratio3d, seconds: 259_200 },
] as const;

/** The alert of each objective: its name, what is bad about a bad event, and where to look. */
const BURNS: Readonly<Record<ObjectiveName, { bad: string } & Pick<AlertRule, 'name' | 'summary' | 'panel'>>> = {
  ingest_availability: {
    name: 'IngestAvailabilityBudgetBurn',
    summary: 'Ingest refuses too many requests with 503.',
    bad: 'of the requests with events were answered 503',
    panel: panelLink('ingest', 'availability'),
  },
  ingest_latency: {
    name: 'IngestLatencyBudgetBurn',
    summary: 'Ingest answers too slowly.',
    bad: 'of the accepted requests took longer than 250 ms',
    panel: panelLink('ingest', 'answerTimes'),
  },
  freshness: {
    name: 'SinkFreshnessBudgetBurn',
    summary: 'Events can be queried too late.',
    bad: 'of the rows could be queried only more than 10 s after they were received',
    panel: panelLink('kafkaSink', 'delays'),
  },
  window_close: {
    name: 'WindowCloseBudgetBurn',
    summary: 'Windows are published too late.',
    bad: 'of the windows were first published more than 15 min after they were due',
    panel: panelLink('windows', 'closeDelays'),
  },
  attribution_correctness: {
    name: 'WindowCorrectnessBudgetBurn',
    summary: 'Too many runs of windows do not add up.',
    bad: 'of the runs of windows were refused because they do not add up',
    panel: panelLink('windows', 'inconsistent'),
  },
  trace_completeness: {
    name: 'TraceCompletenessBudgetBurn',
    summary: 'Traces have holes: spans get lost on their way to the trace store.',
    bad: 'of the spans of sampled traces were lost',
    panel: panelLink('parts', 'lostSpans'),
  },
};

/** The recorded shares and budgets, the alerts on how fast budgets are spent, and the alert on shares that nobody measures. */
export function objectiveGroups(time: Time): RuleGroup[] {
  const measured = measuredBy(time);
  return [
    ...names().map((objective) => ({ name: `objective ${objective}`, records: ratiosOf(measured, objective, time) })),
    // Thirty days are long to add up, and nobody looks further back than five minutes.
    { name: 'objective budgets', intervalSeconds: time.seconds(120), records: names().map(budgetOf(measured, time)) },
    { name: 'objective burn rates', alerts: names().flatMap((objective) => burnsOf(measured, objective, time)) },
    { name: 'objectives without a measure', alerts: names().map((objective) => unmeasured(objective, time)) },
  ];
}

const names = () => Object.keys(OBJECTIVES) as ObjectiveName[];

const ratiosOf = (measured: ReturnType<typeof measuredBy>, objective: ObjectiveName, time: Time) =>
  WINDOWS.map(({ record, seconds }) => {
    const { bad, all } = measured[objective];
    const range = time.range(seconds);
    return { record: record.name, labels: { objective }, expr: `${bad(range)} / ${all(range)}` };
  });

const budgetOf = (measured: ReturnType<typeof measuredBy>, time: Time) => (objective: ObjectiveName) => {
  const { bad, all } = measured[objective];
  const range = time.range(OBJECTIVE_WINDOW_SECONDS);
  const expr = `1 - ${bad(range)} / ${all(range)} / ${budget(objective)}`;
  return { record: OBJECTIVE_RECORDS.budgetRemaining.name, labels: { objective }, expr };
};

/** Of one, without the dust of binary fractions. */
const budget = (objective: ObjectiveName): number => Number((1 - OBJECTIVES[objective].targetRatio).toFixed(9));

function burnsOf(measured: ReturnType<typeof measuredBy>, objective: ObjectiveName, time: Time): AlertRule[] {
  return BURN_RATES.map(({ severity, longSeconds, shortSeconds, factor }) => {
    const limit = Number((factor * budget(objective)).toFixed(9));
    const ratio = (seconds: number) => series(recordOf(seconds), { objective });
    const { bad, name, summary, panel } = BURNS[objective];
    const enough = `${measured[objective].bad(time.range(longSeconds))} >= ${OBJECTIVES[objective].badEventsMin}`;
    return {
      name,
      summary,
      panel,
      severity,
      expr: `${ratio(longSeconds)} > ${limit} and ${ratio(shortSeconds)} > ${limit} and on () ${enough}`,
      forSeconds: time.seconds(120),
      labels: { long_window: windowText(longSeconds) },
      description: `{{ $value | humanizePercentage }} ${bad} in the last ${windowText(longSeconds)}: the error budget of 30 days is spent more than ${factor} times as fast as it may be.`,
    };
  });
}

function recordOf(seconds: number) {
  const found = WINDOWS.find((each) => each.seconds === seconds);
  if (found === undefined) throw new RangeError(`nothing is recorded for ${seconds} s`);
  return found.record;
}

const windowText = (seconds: number): string => (seconds < 86_400 ? `${seconds / 3_600}h` : `${seconds / 86_400}d`);

/** The twin of all burn rates: a share that nobody measures looks like one that is well. */
const unmeasured = (objective: ObjectiveName, time: Time): AlertRule => ({
  name: 'ObjectiveUnmeasured',
  severity: 'warning',
  expr: `absent(${series(OBJECTIVE_RECORDS.ratio1h, { objective })})`,
  forSeconds: time.seconds(900),
  labels: { objective },
  summary: 'Nobody measures whether an objective is kept.',
  description: 'The metrics of the objective {{ $labels.objective }} are missing, so no alert of it can fire.',
  panel: panelLink('pipeline', 'budgets'),
});
