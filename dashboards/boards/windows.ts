import { THRESHOLDS } from '../../otel/objectives.ts';
import { by, series } from '../../otel/promql.ts';
import { TEMPORAL_SDK } from '../../otel/registry/external/temporal-sdk.ts';
import { WINDOWS_METRICS } from '../../otel/registry/windows.ts';
import type { BoardPlan } from '../board.ts';
import { increase, quantile, rate } from '../expressions.ts';
import { grid } from '../grid.ts';
import { NEUTRAL, QUIET, WELL, WRONG, redFrom, yellowThenRed } from '../look.ts';
import { CHANGES } from '../marks.ts';
import { figure, graph } from '../panels.ts';
import { metric, metricNow, points, rows } from '../queries.ts';
import { QUANTILE_COLORS, countedBy, problemsOf, quantiles, windowStates } from '../shared-panels.ts';
import { queried } from '../variables.ts';
import { WINDOW_STATES } from '../window-states.ts';

/** Windows: which are published, late, slow or stuck, and what replays do with them. */
export const windows: BoardPlan<'windows'> = {
  board: 'windows',
  description:
    'Which windows are published, which are late, slow or stuck, and what late data and replays do with them?',
  from: 'now-6h',
  refresh: '1m',
  variables: [
    queried('tenant', rows('windows/tenants'), {
      label: 'tenant',
      description: 'Tenants of the tables; graphs of workers show all.',
      several: true,
    }),
  ],
  marks: CHANGES,
  rows: [
    {
      height: 5,
      panels: {
        overdue: figure({
          title: 'Oldest overdue window',
          description: 'How long the oldest window that should be published has been due. 0: none is.',
          unit: 's',
          decimals: 0,
          sparkline: true,
          none: 'no worker',
          steps: yellowThenRed(THRESHOLDS.windowCloseDelaySecondsMax, THRESHOLDS.windowOverdueSecondsMax),
          queries: [metric(`max(${series(WINDOWS_METRICS.overdue)}) or vector(0)`)],
        }),
        inconsistent: figure({
          title: 'Windows that need somebody',
          description:
            'inconsistent: the last run found that data is missing, and published nothing. overdue: not published though it is time. See: unmogrowp windows show.',
          unit: 'short',
          decimals: 0,
          allFields: true,
          names: true,
          steps: redFrom(1),
          queries: [rows('windows/inconsistent')],
        }),
        failedRuns: figure({
          title: 'Failed runs',
          description:
            'Runs of the shown time that ended with an error or with numbers that do not add up. Each is tried again.',
          unit: 'short',
          decimals: 0,
          none: '0',
          steps: redFrom(1),
          queries: [
            metricNow(`sum(${increase(series(WINDOWS_METRICS.runs, { outcome: ['failed', 'inconsistent'] }))})`),
          ],
        }),
        freshness: graph({
          title: 'Time since the newest published window ended',
          description:
            'Of each tenant: a saw whose teeth are as long as its windows. A line that only climbs: nothing is published.',
          unit: 's',
          queries: [
            metric(
              `max ${by(WINDOWS_METRICS.freshness, 'tenant')} (${series(WINDOWS_METRICS.freshness, { tenant: { variable: 'tenant' } })})`,
              '{{tenant}}',
            ),
          ],
          width: 9,
        }),
      },
    },
    {
      height: 10,
      panels: {
        windowTable: grid({
          title: 'Windows, first those that need somebody',
          description:
            'final: only a replay changes it. published: late data may still correct it. not due: it is early. overdue and inconsistent need somebody. A click on trace shows the run that was published.',
          queries: [rows('windows/windows')],
          columns: {
            state: { width: 110, colored: 'text', mappings: WINDOW_STATES },
            version: { width: 75 },
            runs: { width: 60 },
            'run time': { unit: 's', decimals: 1, width: 90 },
            trace: { isTrace: true },
          },
        }),
      },
    },
    {
      title: 'Runs',
      height: 8,
      panels: {
        runs: countedBy(WINDOWS_METRICS.runs, 'outcome', {
          title: 'Runs, by how they ended',
          description:
            'unchanged: the numbers are those that are published already. failed and inconsistent published nothing.',
          colors: { published: WELL, unchanged: NEUTRAL, inconsistent: 'dark-red', failed: WRONG },
          hidesZeros: true,
        }),
        runTimes: graph({
          title: 'How long runs take',
          description: 'From the start of the arrival barrier to the outcome. Diamonds lead to traces.',
          unit: 's',
          gapSecondsMax: 600,
          colors: QUANTILE_COLORS,
          queries: quantiles(WINDOWS_METRICS.runDuration),
        }),
        computeTimes: graph({
          title: 'Of this: computing credits',
          description: 'How long ClickHouse took for the credits of a window.',
          unit: 's',
          gapSecondsMax: 600,
          colors: QUANTILE_COLORS,
          queries: quantiles(WINDOWS_METRICS.computeDuration),
        }),
        arrivalWaits: graph({
          title: 'Of this: waiting for arrival',
          description:
            'How long a run waited until everything accepted was in ClickHouse. Long: the sink lags, or a spool holds events.',
          unit: 's',
          gapSecondsMax: 600,
          colors: QUANTILE_COLORS,
          queries: quantiles(WINDOWS_METRICS.arrivalWait),
        }),
      },
    },
    {
      height: 9,
      panels: {
        slowRuns: grid({
          title: 'Slowest runs of the shown time',
          description: 'A click on trace shows where a run spent its time.',
          queries: [rows('windows/slow-runs')],
          columns: {
            'run time': { unit: 's', decimals: 1, width: 90, colored: 'text', steps: yellowThenRed(30, 300) },
            state: { width: 100 },
            reason: { width: 90 },
            trace: { isTrace: true },
          },
        }),
      },
    },
    {
      height: 8,
      panels: {
        states: windowStates(
          'Windows that workflows look after. open: waits for late data. waiting: its end and allowed lateness are not over. queued, arriving, running, verifying, publishing: on the way.',
        ),
        closeDelays: graph({
          title: 'From due to first publication',
          description:
            'How long windows waited beyond the moment at which they were due. The line is what is promised.',
          unit: 's',
          steps: redFrom(THRESHOLDS.windowCloseDelaySecondsMax),
          gapSecondsMax: 600,
          colors: QUANTILE_COLORS,
          queries: quantiles(WINDOWS_METRICS.closeDelay),
        }),
      },
    },
    {
      title: 'Late data',
      height: 8,
      panels: {
        lateRows: graph({
          title: 'Late rows, by what they do',
          description:
            'Rows that came after the run of a window, once for each window that they concern. Beyond the horizon only a replay includes them.',
          unit: 'short',
          decimals: 0,
          stacked: true,
          drawn: 'bars',
          interval: '5m',
          colors: { 'beyond the horizon': WRONG, 'reopen a window': NEUTRAL, 'change nothing': QUIET },
          seriesName: '${__field.labels.rows}',
          queries: [points('windows/late-rows')],
        }),
        publications: countedBy(WINDOWS_METRICS.publications, 'reason', {
          title: 'Publications, by why',
          description: 'close: the first. reopen: late data. command: somebody. replay and rollback: see below.',
          hidesZeros: true,
        }),
        reopens: graph({
          title: 'Windows asked to run again, by whom',
          description:
            'reconcile: rows came that no run has seen. audit and ledger find what reconcile has missed: they should be near 0.',
          unit: 'short',
          decimals: 0,
          drawn: 'bars',
          interval: '1m',
          queries: [
            metric(`sum(increase(${series(WINDOWS_METRICS.reopens)}[$__interval]))`, 'reconcile'),
            metric(`sum(increase(${series(WINDOWS_METRICS.auditReopens)}[$__interval]))`, 'audit'),
            metric(`sum(increase(${series(WINDOWS_METRICS.ledgerReopens)}[$__interval]))`, 'ledger'),
          ],
        }),
        versions: grid({
          title: 'Windows by version',
          description:
            'How many windows were published how often: much at high versions means much late data or many replays.',
          queries: [rows('windows/versions')],
          width: 5,
        }),
      },
    },
    {
      title: 'Replays',
      height: 8,
      panels: {
        replays: grid({
          title: 'Replays, the newest first',
          description:
            'Windows of each replay by what became of them. computed: a dry run, look at its difference: unmogrowp replay diff. conflicts: somebody else published in between.',
          queries: [rows('windows/replays')],
          columns: {
            failed: { colored: 'text', steps: redFrom(1) },
            conflicts: { colored: 'text', steps: redFrom(1) },
          },
        }),
      },
    },
    {
      height: 7,
      panels: {
        replayWindows: countedBy(WINDOWS_METRICS.replayWindows, 'state', {
          title: 'Windows of replays',
          description: 'How fast replays go, and what becomes of their windows.',
        }),
        replayStates: graph({
          title: 'Not ended',
          description:
            'running ones and ones that somebody has paused. A running one without windows beside it is stuck.',
          unit: 'short',
          decimals: 0,
          stacked: true,
          queries: [
            metric(`max ${by(WINDOWS_METRICS.replays, 'state')} (${series(WINDOWS_METRICS.replays)})`, '{{state}}'),
          ],
        }),
      },
    },
    {
      title: 'What looks after windows',
      height: 8,
      panels: {
        examination: graph({
          title: 'Records not examined yet',
          description:
            'Records in ClickHouse that no reconcile has examined: whether they concern a closed window is not known.',
          unit: 'short',
          decimals: 0,
          queries: [
            metric(`max(${series(WINDOWS_METRICS.unexaminedRecords)})`, 'not examined'),
            metric(`sum(${rate(series(WINDOWS_METRICS.examinedRecords))})`, 'examined a second'),
          ],
        }),
        schedules: graph({
          title: 'Since jobs ended well',
          description:
            'Time since reconcile, audit and ledger ended well. Each starts by its own schedule. A line that only climbs: it fails, or no worker runs.',
          unit: 's',
          queries: [
            metric(`min ${by(WINDOWS_METRICS.jobAge, 'job_name')} (${series(WINDOWS_METRICS.jobAge)})`, '{{job_name}}'),
          ],
        }),
        heldWindows: graph({
          title: 'Windows held by imports',
          description: 'Windows that were found and not told yet, because a running import holds them.',
          unit: 'short',
          decimals: 0,
          queries: [metric(`max(${series(WINDOWS_METRICS.touchedWindows)})`, 'held')],
        }),
        activityQueue: graph({
          title: 'Activities wait for a worker (99 %)',
          description:
            'How long work lay on the queue before a worker took it. Long: too few workers, or all are busy.',
          unit: 's',
          steps: redFrom(THRESHOLDS.activityWaitSecondsMax),
          queries: [
            metric(quantile(0.99, TEMPORAL_SDK.activityWait, { job: 'worker' }), 'activities'),
            metric(quantile(0.99, TEMPORAL_SDK.workflowTaskWait, { job: 'worker' }), 'workflows'),
          ],
        }),
      },
    },
    { height: 9, panels: { problems: problemsOf(['worker']) } },
  ],
};
