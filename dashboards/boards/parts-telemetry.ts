import { by, series } from '../../otel/promql.ts';
import { ALERTMANAGER } from '../../otel/registry/external/alertmanager.ts';
import { JAEGER } from '../../otel/registry/external/jaeger.ts';
import { LOKI } from '../../otel/registry/external/loki.ts';
import { PROMETHEUS } from '../../otel/registry/external/prometheus.ts';
import { CLICKHOUSE_METRICS } from '../../otel/registry/clickhouse.ts';
import { PROCESS_METRICS } from '../../otel/registry/process.ts';
import type { BoardPlan } from '../board.ts';
import { rate } from '../expressions.ts';
import { LOOK, WELL, WRONG } from '../look.ts';
import { graph } from '../panels.ts';
import { lineCounts, metric, seldom } from '../queries.ts';

/** Whether what is seen of the platform is all there is. */
export const TELEMETRY_ROWS: BoardPlan<'parts'>['rows'] = [
  {
    title: 'Do we see everything?',
    height: 7,
    panels: {
      traceStore: graph({
        title: 'Spans sent',
        description:
          'Spans that our processes exported. dropped: no room in the queue. lost: the trace store did not take them.',
        unit: 'suffix:/s',
        decimals: 1,
        stacked: true,
        colors: { stored: WELL, dropped: LOOK, lost: WRONG },
        queries: [
          metric(
            `sum ${by(PROCESS_METRICS.exportedSpans, 'outcome')} (${rate(series(PROCESS_METRICS.exportedSpans))})`,
            '{{outcome}}',
          ),
        ],
      }),
      lostSpans: graph({
        title: 'Spans stored',
        description: 'Spans that came in there, and those that it could not keep.',
        unit: 'suffix:/s',
        decimals: 1,
        colors: { refused: WRONG, failed: WRONG },
        queries: [
          metric(`sum(${rate(series(JAEGER.spansAccepted))})`, 'accepted'),
          metric(`sum(${rate(series(JAEGER.spansRefused))})`, 'refused'),
          seldom(metric(`sum(${rate(series(JAEGER.spansLost))})`, 'failed'), 'the storage takes all spans'),
        ],
      }),
      serverSpans: graph({
        title: 'ClickHouse spans behind',
        description: 'How far behind its own spans are handed to the trace store.',
        unit: 's',
        queries: [metric(series(CLICKHOUSE_METRICS.serverSpanLag), '{{instance}}')],
      }),
      lostLogLines: graph({
        title: 'Log lines sent',
        description:
          'Log lines on their way to Loki. lost: no room, or Loki did not take them. They are on stdout in any case.',
        unit: 'suffix:/s',
        decimals: 2,
        stacked: true,
        colors: { stored: WELL, lost: WRONG, 'discarded by Loki': WRONG },
        queries: [
          metric(
            `sum ${by(PROCESS_METRICS.logLines, 'outcome')} (${rate(series(PROCESS_METRICS.logLines))})`,
            '{{outcome}}',
          ),
          seldom(
            metric(`sum(${rate(series(LOKI.linesDiscarded))})`, 'discarded by Loki'),
            'Loki counts discarded lines from the first one on',
          ),
        ],
      }),
      logLines: graph({
        title: 'Log lines, by level',
        description: 'What Loki has, by level, of all services.',
        unit: 'short',
        decimals: 0,
        stacked: true,
        drawn: 'bars',
        interval: '1m',
        colors: { info: 'blue', warn: LOOK, error: WRONG, fatal: 'dark-red' },
        queries: [lineCounts('sum by (level) (count_over_time({service=~".+"} [$__interval]))', '{{level}}')],
      }),
    },
  },
  {
    height: 7,
    panels: {
      exemplars: graph({
        title: 'Exemplars',
        description:
          'Measurements kept with their trace: they make the diamonds on graphs. None: sampling is off, or metrics are not scraped as OpenMetrics.',
        unit: 'suffix:/s',
        decimals: 1,
        queries: [metric(`sum(${rate(series(PROMETHEUS.exemplarsStored))})`, 'stored')],
      }),
      scrapes: graph({
        title: 'How long scrapes take',
        description: 'Targets that answer slowly are missed under load.',
        unit: 's',
        queries: [metric(series(PROMETHEUS.scrapeDuration), '{{job}} {{instance}}')],
      }),
      ruleFailures: graph({
        title: 'Rules that fail',
        description:
          'Evaluations of rules a second, and those that failed: an alert that cannot be computed does not fire.',
        unit: 'suffix:/s',
        decimals: 2,
        colors: { failed: WRONG },
        queries: [
          metric(`sum(${rate(series(PROMETHEUS.ruleEvaluations))})`, 'evaluated'),
          metric(`sum(${rate(series(PROMETHEUS.ruleFailures))})`, 'failed'),
        ],
      }),
      notifications: graph({
        title: 'Notifications',
        description:
          'What Alertmanager told receivers, what it could not tell, and alerts that Prometheus could hand to no Alertmanager.',
        unit: 'suffix:/s',
        decimals: 3,
        colors: { failed: WRONG },
        queries: [
          metric(`sum(${rate(series(ALERTMANAGER.notifications))})`, 'told'),
          metric(`sum(${rate(series(ALERTMANAGER.notificationsFailed))})`, 'failed'),
          metric(`sum(${rate(series(PROMETHEUS.notificationsDropped))})`, 'dropped'),
        ],
      }),
    },
  },
];
