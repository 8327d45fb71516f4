import { OBJECTIVES, THRESHOLDS } from '../../otel/objectives.ts';
import { buckets, by, count, series } from '../../otel/promql.ts';
import { INGEST_METRICS } from '../../otel/registry/ingest.ts';
import type { BoardPlan } from '../board.ts';
import { bucketRates, countRate, increase, rate, share } from '../expressions.ts';
import { LOOK, QUIET, WELL, WRONG, redBelow, redFrom, yellowThenRed } from '../look.ts';
import { CHANGES } from '../marks.ts';
import { figure, graph, heat } from '../panels.ts';
import { metric, metricBuckets, seldom } from '../queries.ts';
import { QUANTILE_COLORS, problemsOf, processesOf, quantiles, rejectedEvents, tracesOf } from '../shared-panels.ts';

const requests = INGEST_METRICS.requestDuration;

/** What clients get answered, and what becomes of events until Kafka has them. */
export const ingest: BoardPlan<'ingest'> = {
  board: 'ingest',
  description: 'Are clients answered, in time and with yes, and does Kafka take what was accepted?',
  from: 'now-3h',
  refresh: '30s',
  variables: [],
  marks: CHANGES,
  rows: [
    {
      height: 7,
      panels: {
        availability: figure({
          title: 'Availability',
          description: 'Share of requests of the shown time that were answered with something else than 503.',
          unit: 'percentunit',
          decimals: 3,
          none: 'no requests',
          steps: redBelow(OBJECTIVES.ingest_availability.targetRatio),
          queries: [
            metric(
              share(
                `sum(${increase(count(requests, { status: { not: '503' } }))})`,
                `sum(${increase(count(requests))})`,
              ),
            ),
          ],
          width: 4,
        }),
        requests: graph({
          title: 'Requests, by the status of the answer',
          description:
            '202: all events accepted. 207: some rejected. 4xx: the client made a mistake, see the codes below. 503: we could not take it.',
          unit: 'reqps',
          stacked: true,
          queries: [metric(`sum ${by(requests, 'status')} (${rate(count(requests))}) > 0`, '{{status}}')],
          colors: { '202': WELL, '207': LOOK, '503': WRONG },
        }),
        answerTimes: graph({
          title: 'Answer times',
          description:
            'From the arrival of a request to its answer. Diamonds are single requests: a click leads to the trace. The line is what is promised.',
          unit: 's',
          steps: redFrom(THRESHOLDS.ingestLatencySecondsMax),
          colors: QUANTILE_COLORS,
          queries: quantiles(requests),
        }),
      },
    },
    {
      height: 8,
      panels: {
        answerTimeHeatmap: heat({
          title: 'Answer times, all of them',
          description: 'How many requests took how long. Two bands say that two kinds of requests are on the way.',
          unit: 's',
          queries: [metricBuckets(bucketRates(requests))],
        }),
        acceptedEvents: graph({
          title: 'Accepted events, by where they were safe',
          description:
            'kafka: all replicas have them. spool: on the disk of ingest, because Kafka did not answer in time.',
          unit: 'suffix:/s',
          stacked: true,
          colors: { kafka: WELL, spool: LOOK },
          queries: [
            metric(
              `sum ${by(INGEST_METRICS.acceptedEvents, 'destination')} (${rate(series(INGEST_METRICS.acceptedEvents))})`,
              '{{destination}}',
              { exemplars: true },
            ),
          ],
        }),
        eventsPerRequest: graph({
          title: 'Events in a request',
          description: 'Small requests cost most: clients should send many events at once.',
          unit: 'short',
          decimals: 0,
          queries: [
            metric(
              share(
                `(sum(${rate(series(INGEST_METRICS.acceptedEvents))}) + sum(${rate(series(INGEST_METRICS.rejectedEvents))}))`,
                countRate(requests),
              ),
              'events',
            ),
          ],
        }),
      },
    },
    {
      title: 'What is refused',
      height: 8,
      panels: {
        rejectedEvents: rejectedEvents(
          'Events that were refused one by one, by the code that the client was told: docs/glossary.md.',
        ),
        refusedRequests: graph({
          title: 'Refused requests, by the reason',
          description:
            'Requests of which no event was taken. unavailable is our fault, rate_limited a quota, the rest the client.',
          unit: 'reqps',
          decimals: 2,
          colors: { all: QUIET },
          queries: [
            metric(`sum(${rate(series(INGEST_METRICS.refusedRequests))})`, 'all'),
            seldom(
              metric(
                `sum ${by(INGEST_METRICS.refusedRequests, 'code')} (${rate(series(INGEST_METRICS.refusedRequests))}) > 0`,
                '{{code}}',
              ),
              'a code appears when it happens',
            ),
          ],
        }),
        eventAges: graph({
          title: 'Accepted events, by their age',
          description:
            'How long ago an event happened when it came in. ahead: it says that it happens more than a minute from now, so a clock of a client is wrong.',
          unit: 'suffix:/s',
          stacked: true,
          colors: { ahead: WRONG, within_hour: WELL, within_day: 'blue', within_week: LOOK, older: 'orange' },
          queries: [
            metric(`sum ${by(INGEST_METRICS.eventAges, 'age')} (${rate(series(INGEST_METRICS.eventAges))})`, '{{age}}'),
          ],
        }),
      },
    },
    {
      title: 'Kafka and the spool',
      height: 8,
      panels: {
        produceTimes: graph({
          title: 'How long Kafka takes (99 %)',
          description: 'Until all replicas have the records of one request, or of one batch of the spool.',
          unit: 's',
          queries: [
            metric(
              `histogram_quantile(0.99, sum ${by(INGEST_METRICS.produceDuration, 'le', 'source')} (${rate(buckets(INGEST_METRICS.produceDuration))}))`,
              '{{source}}',
            ),
          ],
        }),
        produceFailures: graph({
          title: 'Attempts that Kafka did not take',
          description: 'Such events go to the spool. More than none for long: see the board Kafka and sink, and Parts.',
          unit: 'suffix:/s',
          decimals: 2,
          steps: redFrom(0.01),
          queries: [
            metric(
              `sum ${by(INGEST_METRICS.produceDuration, 'source')} (${rate(count(INGEST_METRICS.produceDuration, { outcome: 'failed' }))})`,
              '{{source}}',
            ),
          ],
        }),
        spoolBytes: graph({
          title: 'Spool, used of what it may have',
          description: 'Full means 503: clients then keep their events.',
          unit: 'percentunit',
          max: 1,
          steps: yellowThenRed(0.1, THRESHOLDS.spoolUsedRatioMax),
          queries: [
            metric(`${series(INGEST_METRICS.spoolBytes)} / ${series(INGEST_METRICS.spoolBytesMax)}`, '{{instance}}'),
          ],
        }),
        spoolAge: graph({
          title: 'Age of the oldest record on the spool',
          description: 'Windows do not close while a spool holds records of their time.',
          unit: 's',
          steps: redFrom(THRESHOLDS.spoolAgeSecondsMax),
          queries: [metric(series(INGEST_METRICS.spoolAge), '{{instance}}')],
        }),
      },
    },
    {
      title: 'Processes',
      height: 8,
      panels: {
        processes: processesOf('ingest'),
        requestBytes: graph({
          title: 'Bytes of requests',
          description: 'As they were sent: compressed where the client compresses.',
          unit: 'Bps',
          queries: [metric(`sum(${rate(series(INGEST_METRICS.requestBytes))})`, 'bytes')],
        }),
        spoolRecords: graph({
          title: 'Records on the spool',
          description: 'Records that wait for Kafka.',
          unit: 'short',
          decimals: 0,
          queries: [metric(series(INGEST_METRICS.spoolRecords), '{{instance}}')],
        }),
      },
    },
    {
      height: 9,
      panels: {
        problems: problemsOf(['ingest']),
        slowTraces: tracesOf('ingest', 'ingest.request', '250ms'),
      },
    },
  ],
};
