import { OBJECTIVES, THRESHOLDS } from '../../otel/objectives.ts';
import { by, count, series } from '../../otel/promql.ts';
import { PROMETHEUS } from '../../otel/registry/external/prometheus.ts';
import { INGEST_METRICS } from '../../otel/registry/ingest.ts';
import { KAFKA_METRICS } from '../../otel/registry/kafka.ts';
import { OBJECTIVE_RECORDS } from '../../otel/registry/objectives.ts';
import { SINK_METRICS } from '../../otel/registry/sink.ts';
import { WINDOWS_METRICS } from '../../otel/registry/windows.ts';
import type { BoardPlan } from '../board.ts';
import { emptyBecause } from '../expectation.ts';
import { quantile, rate, share } from '../expressions.ts';
import { arrange, grid } from '../grid.ts';
import { boardLink } from '../links.ts';
import { LOOK, NEUTRAL, WELL, WRONG, redFrom, textColors, yellowThenRed } from '../look.ts';
import { CHANGES } from '../marks.ts';
import { figure, gauges, graph, logPanel, timeline } from '../panels.ts';
import { logLines, metric, metricNow, metricRows } from '../queries.ts';
import { RUNNING, UP_OR_DOWN, countedBy, problemLines, windowStates } from '../shared-panels.ts';

const requests = INGEST_METRICS.requestDuration;
const ingestBoard = { title: 'Ingest', path: boardLink('ingest').path };
const sinkBoard = { title: 'Kafka and sink', path: boardLink('kafkaSink').path };
const windowsBoard = { title: 'Windows and replays', path: boardLink('windows').path };

/** What is red at three in the morning, and where. */
export const pipeline: BoardPlan<'pipeline'> = {
  board: 'pipeline',
  description:
    'First look: the stages of an event from left to right, what is promised, what fires, and what changed. Red is wrong; each number leads to the board of its stage.',
  from: 'now-3h',
  refresh: '30s',
  variables: [],
  marks: CHANGES,
  rows: [
    {
      height: 4,
      panels: {
        acceptedRate: figure({
          title: 'Accepted',
          description: 'Events a second that ingest has answered as accepted: they are on Kafka or on the spool.',
          unit: 'suffix:/s',
          decimals: 1,
          sparkline: true,
          none: 'no ingest',
          leadsTo: ingestBoard,
          queries: [metric(`sum(${rate(series(INGEST_METRICS.acceptedEvents))})`)],
        }),
        refusedShare: figure({
          title: '503 answers',
          description:
            'Share of requests of which nothing was taken because neither Kafka nor the spool could: the budget of ingest availability pays for them.',
          unit: 'percentunit',
          decimals: 2,
          sparkline: true,
          none: 'no requests',
          steps: redFrom(1 - OBJECTIVES.ingest_availability.targetRatio),
          leadsTo: ingestBoard,
          queries: [metric(share(`sum(${rate(count(requests, { status: '503' }))})`, `sum(${rate(count(requests))})`))],
        }),
        answerTime: figure({
          title: 'Answer time',
          description: 'How long 99 of 100 requests with events waited for their answer at most.',
          unit: 's',
          decimals: 0,
          sparkline: true,
          none: 'no requests',
          steps: redFrom(THRESHOLDS.ingestLatencySecondsMax),
          leadsTo: ingestBoard,
          queries: [metric(quantile(0.99, requests))],
        }),
        spool: figure({
          title: 'Spool',
          description:
            'Bytes that wait on disk because Kafka does not take them. They are safe; windows wait for them. Red: it is nearly full, and ingest will answer 503.',
          unit: 'bytes',
          sparkline: true,
          none: 'no ingest',
          steps: yellowThenRed(1, 0.8 * 2 ** 30),
          leadsTo: ingestBoard,
          queries: [metric(`sum(${series(INGEST_METRICS.spoolBytes)})`)],
        }),
        lag: figure({
          title: 'Sink lag',
          description: 'Records on Kafka that are not in ClickHouse yet.',
          unit: 'short',
          sparkline: true,
          none: 'no sink',
          steps: redFrom(THRESHOLDS.lagRecordsMax),
          leadsTo: sinkBoard,
          queries: [metric(`sum(${series(KAFKA_METRICS.consumerLag)})`)],
        }),
        delay: figure({
          title: 'Queryable in',
          description:
            'From the moment a record was sent to Kafka until its rows can be queried: 99 of 100 inserts are faster.',
          unit: 's',
          decimals: 1,
          sparkline: true,
          none: 'nothing inserted',
          steps: redFrom(THRESHOLDS.freshnessSecondsMax),
          leadsTo: sinkBoard,
          queries: [metric(quantile(0.99, SINK_METRICS.delay))],
        }),
        overdueWindows: figure({
          title: 'Overdue',
          description: 'How long the oldest window that should be published has been due. 0: none is.',
          unit: 's',
          decimals: 0,
          sparkline: true,
          none: 'no worker',
          steps: yellowThenRed(THRESHOLDS.windowCloseDelaySecondsMax, THRESHOLDS.windowOverdueSecondsMax),
          leadsTo: windowsBoard,
          queries: [metric(`max(${series(WINDOWS_METRICS.overdue)}) or vector(0)`)],
        }),
        windowFreshness: figure({
          title: 'Freshness',
          description:
            'Time since the end of the newest published window of the tenant that is furthest behind. How much is normal depends on the length of its windows.',
          unit: 's',
          sparkline: true,
          none: 'nothing published',
          leadsTo: windowsBoard,
          queries: [metric(`max(${series(WINDOWS_METRICS.freshness)})`)],
        }),
      },
    },
    {
      height: 7,
      panels: {
        firingAlerts: grid({
          title: 'Firing alerts',
          description: 'What alerts say now. Each has a runbook of the same name in runbooks/.',
          queries: [
            metricRows(
              `max ${by(PROMETHEUS.alerts, 'alertname', 'severity', 'job')} (${series(PROMETHEUS.alerts, { alertstate: 'firing', alertname: { not: 'Watchdog' } })})`,
            ),
          ],
          none: 'none: all is well',
          columns: {
            severity: {
              width: 90,
              colored: 'text',
              mappings: textColors([
                { pattern: 'critical', color: WRONG },
                { pattern: 'warning', color: LOOK },
                { pattern: 'info|none', color: NEUTRAL },
              ]),
            },
          },
          transformations: [
            arrange({ hidden: ['Time', 'Value', 'Value #A'], order: ['severity', 'alertname', 'job'] }),
          ],
          expects: emptyBecause('in health nothing fires but the watchdog, which is left out'),
          width: 8,
        }),
        budgets: gauges({
          title: 'Error budgets left (30 days)',
          description:
            'How much of what each objective allows to go wrong in 30 days is left. 0 is used up: no risky deploys. Below 0 the promise is broken.',
          unit: 'percentunit',
          decimals: 1,
          min: 0,
          max: 1,
          none: 'rules have not run yet',
          steps: [
            { from: null, color: WRONG },
            { from: 0.0001, color: LOOK },
            { from: 0.25, color: WELL },
          ],
          queries: [metricNow(`last_over_time(${series(OBJECTIVE_RECORDS.budgetRemaining)}[15m])`, '{{objective}}')],
          width: 8,
        }),
        burnRates: graph({
          title: 'Budgets burn (last hour)',
          description:
            'How many times faster than allowed each budget is spent: at 1 it lasts its 30 days exactly, from 14.4 on somebody is paged.',
          unit: 'suffix:x',
          decimals: 1,
          steps: redFrom(14.4),
          queries: Object.entries(OBJECTIVES).map(([objective, { title, targetRatio }]) =>
            metric(
              `${series(OBJECTIVE_RECORDS.ratio1h, { objective: objective as keyof typeof OBJECTIVES })} / ${Number((1 - targetRatio).toFixed(6))}`,
              title,
            ),
          ),
          width: 8,
        }),
      },
    },
    {
      title: 'Flow',
      height: 8,
      panels: {
        stageRates: graph({
          title: 'Events through the stages',
          description:
            'Events accepted by ingest and rows stored by the sink. The lines lie on each other in health: a gap between them is what waits on the spool or on Kafka.',
          unit: 'suffix:/s',
          queries: [
            metric(`sum(${rate(series(INGEST_METRICS.acceptedEvents))})`, 'accepted'),
            metric(`sum(${rate(series(SINK_METRICS.rows, { outcome: 'inserted' }))})`, 'stored'),
          ],
          colors: { accepted: 'blue', stored: 'green' },
        }),
        stageErrors: graph({
          title: 'What goes wrong, by stage',
          description:
            'Requests refused with 503, inserts that failed and are tried again, dead letters, and runs of windows that published nothing because something was wrong.',
          unit: 'suffix:/s',
          decimals: 2,
          queries: [
            metric(`sum(${rate(count(requests, { status: '503' }))})`, 'ingest: 503'),
            metric(`sum(${rate(series(SINK_METRICS.retries))})`, 'sink: tried again'),
            metric(`sum(${rate(series(SINK_METRICS.deadLetters))})`, 'sink: dead letters'),
            metric(
              `sum(${rate(series(WINDOWS_METRICS.runs, { outcome: ['failed', 'inconsistent'] }))})`,
              'windows: failed runs',
            ),
          ],
        }),
        delays: graph({
          title: 'How long each stage takes (99 %)',
          description: 'The answer of ingest, the way from Kafka into ClickHouse, and a run of a window.',
          unit: 's',
          logarithmic: true,
          min: 0.001,
          gapSecondsMax: 300,
          queries: [
            metric(quantile(0.99, requests), 'answer'),
            metric(quantile(0.99, SINK_METRICS.delay), 'Kafka to queryable'),
            metric(quantile(0.99, WINDOWS_METRICS.runDuration), 'run of a window'),
          ],
        }),
      },
    },
    {
      title: 'Windows, and what changed',
      height: 8,
      panels: {
        windows: windowStates(
          'Windows that workflows look after. `open` waits for late data, which is well; `inconsistent` and `failed` need somebody.',
        ),
        publications: countedBy(WINDOWS_METRICS.publications, 'reason', {
          title: 'Publications, by why',
          description:
            'Windows published for the first time (close), corrected for late data (reopen), by somebody (command), by a replay, or taken back (rollback).',
          hidesZeros: true,
        }),
        versions: grid({
          title: 'What runs, and since when',
          description:
            'Version and start of each process. Starts are also marks on all graphs: when a line bends at one, it was the deploy.',
          queries: [metricRows(RUNNING)],
          columns: { Value: { unit: 'dateTimeFromNow', name: 'started' } },
          transformations: [
            arrange({ hidden: ['Time', '__name__', 'instance', 'runtime'], order: ['job', 'version', 'Value'] }),
          ],
        }),
      },
    },
    {
      title: 'Parts and complaints',
      height: 9,
      panels: {
        partsUp: timeline({
          title: 'Who answers',
          description: 'Whether Prometheus reaches each process. A red gap is the time for which it did not answer.',
          unit: 'short',
          mappings: UP_OR_DOWN,
          queries: [metric(`min ${by(PROMETHEUS.up, 'job')} (${series(PROMETHEUS.up)})`, '{{job}}')],
          width: 8,
        }),
        problems: logPanel({
          title: 'Warnings and errors of all services',
          description: 'The newest log lines of level warn and above. Open one to go on to its trace.',
          queries: [logLines(problemLines('{service=~".+", level=~"warn|error|fatal"}'))],
          expects: emptyBecause('healthy processes complain of nothing'),
          width: 16,
        }),
      },
    },
  ],
};
