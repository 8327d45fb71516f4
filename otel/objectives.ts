/**
 * What the platform promises, as numbers: the objectives, and every threshold that a board colours and a rule compares.
 * They stand here once, so that a red line on a board and an alert never disagree.
 */

const MINUTE_SECONDS = 60;
const HOUR_SECONDS = 60 * MINUTE_SECONDS;
const DAY_SECONDS = 24 * HOUR_SECONDS;

/** What is good about one of the events that an objective counts, and how large the share of good ones has to be. */
export interface Objective {
  readonly title: string;
  /** What a good event is, as a sentence. */
  readonly good: string;
  readonly targetRatio: number;
  /** Fewer bad events than this within a window of an alert are no reason to wake somebody, whatever their share. */
  readonly badEventsMin: number;
}

/** The promises, each over the last 30 days. */
export const OBJECTIVES = {
  ingest_availability: {
    title: 'Ingest availability',
    good: 'A request with events is answered with something else than 503.',
    targetRatio: 0.999,
    badEventsMin: 5,
  },
  ingest_latency: {
    title: 'Ingest latency',
    good: 'Events are answered as accepted within 250 ms.',
    targetRatio: 0.99,
    badEventsMin: 20,
  },
  freshness: {
    title: 'Freshness',
    good: 'A row can be queried within 10 s of its receipt, judged by the oldest record of its insert.',
    targetRatio: 0.99,
    badEventsMin: 100,
  },
  window_close: {
    title: 'Windows closed in time',
    good: 'The first publication of a window comes within 15 min of the moment at which it was due.',
    targetRatio: 0.99,
    badEventsMin: 2,
  },
  attribution_correctness: {
    title: 'Attribution correctness',
    good: 'A run of a window adds up, and the ledger knows of no lost event in it.',
    targetRatio: 0.999,
    badEventsMin: 1,
  },
  trace_completeness: {
    title: 'Trace completeness',
    good: 'A span of a sampled trace reaches the trace store.',
    targetRatio: 0.999,
    badEventsMin: 100,
  },
} as const satisfies Record<string, Objective>;

export type ObjectiveName = keyof typeof OBJECTIVES;

/** For how long an objective holds. */
export const OBJECTIVE_WINDOW_SECONDS = 30 * DAY_SECONDS;

/**
 * When the budget of an objective is spent too fast: both windows have to show so many times the speed at which the
 * budget would just last. The long one says that it matters, the short one that it has not ended yet.
 */
export const BURN_RATES = [
  { severity: 'critical', longSeconds: HOUR_SECONDS, shortSeconds: 5 * MINUTE_SECONDS, factor: 14.4 },
  { severity: 'critical', longSeconds: 6 * HOUR_SECONDS, shortSeconds: 30 * MINUTE_SECONDS, factor: 6 },
  { severity: 'warning', longSeconds: DAY_SECONDS, shortSeconds: 2 * HOUR_SECONDS, factor: 3 },
  { severity: 'warning', longSeconds: 3 * DAY_SECONDS, shortSeconds: 6 * HOUR_SECONDS, factor: 1 },
] as const;

/** Every number that a rule compares and a board draws. */
export const THRESHOLDS = {
  ingestLatencySecondsMax: 0.25,
  /** From Kafka to the first query that can see it; also where boards turn red. */
  freshnessSecondsMax: 10,
  windowCloseDelaySecondsMax: 15 * MINUTE_SECONDS,
  /** A broker that restarts is away for less. */
  spoolAgeSecondsMax: 2 * MINUTE_SECONDS,
  spoolUsedRatioMax: 0.8,
  /** Of the events of a tenant; a client that is too eager for a moment stays below it. */
  overQuotaRatioMax: 0.05,
  /** Requests of six hours after which silence is no ordinary night. */
  silentAfterRequestsMin: 600,
  /** Of accepted events: those that say that they happen more than a minute from now. */
  aheadEventsRatioMax: 0.01,
  /** Of accepted events: those that are older than a day. The field profile of the generator has about 3 %. */
  lateEventsRatioMax: 0.1,
  eventsMin: 100,
  lagRecordsMax: 5_000,
  deadLettersMax: 0,
  insertSecondsMax: 5,
  insertsMin: 3,
  /** ClickHouse slows inserts down at 1,000 active parts in a partition and refuses them at 3,000. */
  partsMax: 600,
  diskUsedRatioMax: 0.85,
  windowOverdueSecondsMax: 30 * MINUTE_SECONDS,
  lostEventsMax: 0,
  collisionsMax: 10,
  activityWaitSecondsMax: MINUTE_SECONDS,
  /** So many times the interval of a recurring job may pass before it has ended well again. */
  jobIntervalsMax: 5,
  errorLinesMax: 50,
  /** Of the notices of one kind of channel; what failed is tried by the next contact. */
  failedNoticesRatioMax: 0.5,
  failedNoticesMin: 3,
  /** Pages of one person in a day, of which nobody sleeps any more. */
  pagesPerPersonMax: 6,
} as const;
