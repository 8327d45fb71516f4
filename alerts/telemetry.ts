import { panelLink } from '../dashboards/links.ts';
import { by, series } from '../otel/promql.ts';
import { PROMETHEUS } from '../otel/registry/external/prometheus.ts';
import { PROCESS_METRICS } from '../otel/registry/process.ts';
import type { AlertRule, RuleGroup } from './alert.ts';
import { increased } from './expressions.ts';
import type { Time } from './time.ts';

const { up } = PROMETHEUS;
const { exportedSpans, logLines } = PROCESS_METRICS;
const MINUTE = 60;

/** Who has to be scraped for the other alerts to be worth anything. */
const JOBS = ['ingest', 'sink', 'worker', 'clickhouse', 'temporal', 'jaeger'] as const;

/** Whether the other alerts can be believed. */
export const telemetryGroup = (time: Time): RuleGroup => ({
  name: 'telemetry',
  alerts: [watchdog, targetDown(time), ...JOBS.map((job) => targetUnknown(time, job)), ...dropped(time)],
});

const watchdog: AlertRule = {
  name: 'Watchdog',
  severity: 'info',
  expr: 'vector(1)',
  forSeconds: 0,
  summary: 'Alerts work.',
  description: 'This one always fires. Whoever receives it has to call for help when it stops coming.',
  panel: panelLink('parts', 'notifications'),
};

const TARGET = {
  name: 'ScrapeTargetMissing',
  severity: 'warning',
  summary: 'Prometheus gets no metrics from a process or a part: what is wrong there shows in no other alert.',
  panel: panelLink('parts', 'up'),
} as const;

const targetDown = (time: Time): AlertRule => ({
  ...TARGET,
  expr: `${series(up)} == 0`,
  forSeconds: time.seconds(3 * MINUTE),
  description: '{{ $labels.job }} at {{ $labels.instance }} does not answer.',
});

const targetUnknown = (time: Time, job: (typeof JOBS)[number]): AlertRule => ({
  ...TARGET,
  expr: `absent(${series(up, { job })})`,
  forSeconds: time.seconds(3 * MINUTE),
  labels: { job },
  description: 'Prometheus knows no target of {{ $labels.job }}.',
});

const DROPPED = {
  name: 'TelemetryDropped',
  severity: 'warning',
  summary: 'Spans or log lines get lost on their way.',
} as const;

function dropped(time: Time): AlertRule[] {
  const range = time.range(10 * MINUTE);
  const spans = increased(series(exportedSpans, { outcome: ['lost', 'dropped'] }), range, by(exportedSpans, 'job'));
  const lines = increased(series(logLines, { outcome: 'lost' }), range, by(logLines, 'job'));
  return [
    {
      ...DROPPED,
      expr: `${spans} > 0`,
      forSeconds: time.seconds(15 * MINUTE),
      labels: { signal: 'spans' },
      description: '{{ $labels.job }} has lost {{ $value | humanize }} spans in the last 10 minutes.',
      panel: panelLink('parts', 'lostSpans'),
    },
    {
      ...DROPPED,
      expr: `${lines} > 0`,
      forSeconds: time.seconds(15 * MINUTE),
      labels: { signal: 'logs' },
      description:
        '{{ $labels.job }} has lost {{ $value | humanize }} lines of its log on the way to Loki in the last 10 minutes.',
      panel: panelLink('parts', 'lostLogLines'),
    },
  ];
}
