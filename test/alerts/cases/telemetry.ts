import { PROMETHEUS } from '../../../otel/registry/external/prometheus.ts';
import { PROCESS_METRICS } from '../../../otel/registry/process.ts';
import { type AlertCase, always, growing, input } from './case.ts';

const { up } = PROMETHEUS;
const { exportedSpans, logLines } = PROCESS_METRICS;
const warning = { severity: 'warning' };
const JOBS = ['ingest', 'sink', 'worker', 'clickhouse', 'temporal', 'jaeger'] as const;
const target = (job: string): string => input(up.name, { job, instance: `${job}-1` });
const allUp = Object.fromEntries(JOBS.map((job) => [target(job), always(1)]));
const unknown = (job: string) => ({
  labels: { ...warning, job },
  description: `Prometheus knows no target of ${job}.`,
});

const stands = {
  labels: { severity: 'info' },
  description: 'This one always fires. Whoever receives it has to call for help when it stops coming.',
};

/** Whether the others can be believed. */
export const TELEMETRY_CASES: readonly AlertCase[] = [
  {
    name: 'ScrapeTargetMissing',
    summary: 'Prometheus gets no metrics from a process or a part: what is wrong there shows in no other alert.',
    quiet: allUp,
    firing: { ...allUp, [target('sink')]: '1x10 0x1500', [target('jaeger')]: '1x10 _x1500' },
    at: '20m',
    told: [
      { labels: { ...warning, job: 'sink', instance: 'sink-1' }, description: 'sink at sink-1 does not answer.' },
      unknown('jaeger'),
    ],
    withoutData: JOBS.map(unknown),
  },
  {
    name: 'TelemetryDropped',
    summary: 'Spans or log lines get lost on their way.',
    quiet: {
      [input(exportedSpans.name, { job: 'sink', outcome: 'stored' })]: growing(100),
      [input(exportedSpans.name, { job: 'sink', outcome: 'lost' })]: '0 512x1500',
    },
    firing: {
      [input(exportedSpans.name, { job: 'sink', outcome: 'lost' })]: growing(512),
      [input(logLines.name, { job: 'worker', outcome: 'lost' })]: growing(2),
    },
    at: '40m',
    told: [
      {
        labels: { ...warning, job: 'sink', signal: 'spans' },
        description: 'sink has lost 5.12k spans in the last 10 minutes.',
      },
      {
        labels: { ...warning, job: 'worker', signal: 'logs' },
        description: 'worker has lost 20 lines of its log on the way to Loki in the last 10 minutes.',
      },
    ],
  },
  {
    name: 'Watchdog',
    summary: 'Alerts work.',
    // Always: that is what it is for.
    quiet: {},
    firing: {},
    at: '5m',
    told: [stands],
    withoutData: [stands],
  },
];
