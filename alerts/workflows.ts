import { panelLink } from '../dashboards/links.ts';
import { THRESHOLDS } from '../otel/objectives.ts';
import { buckets, by, series } from '../otel/promql.ts';
import { TEMPORAL_SDK } from '../otel/registry/external/temporal-sdk.ts';
import { WINDOWS_METRICS } from '../otel/registry/windows.ts';
import type { AlertRule, RuleGroup } from './alert.ts';
import { grown } from './expressions.ts';
import type { Time } from './time.ts';

const { workflowTaskFailures, pollers, activityWait } = TEMPORAL_SDK;
const { jobAge } = WINDOWS_METRICS;
const MINUTE = 60;

/** Temporal's server has workers of its own, which say the same about themselves. */
const OURS = { job: 'worker' } as const;

/** How often the schedule of each job starts it unless the environment says otherwise. */
const SCHEDULES = [
  { job: 'reconcile', intervalSeconds: MINUTE },
  { job: 'audit', intervalSeconds: 10 * MINUTE },
  { job: 'ledger', intervalSeconds: 10 * MINUTE },
] as const;

/** Whether there is somebody who does the work, and whether it gets done. */
export const workflowsGroup = (time: Time): RuleGroup => ({
  name: 'workflows',
  alerts: [
    nonDeterminism(time),
    pollersMissing(time),
    ...SCHEDULES.map((each) => scheduleMissed(time, each)),
    activityBacklog(time),
  ],
});

const nonDeterminism = (time: Time): AlertRule => ({
  name: 'WorkflowNonDeterminism',
  severity: 'critical',
  expr: `sum ${by(workflowTaskFailures, 'workflow_type')} (${grown(series(workflowTaskFailures, { ...OURS, failure_reason: 'NonDeterminismError' }), time.range(15 * MINUTE))}) > 0`,
  forSeconds: 0,
  keepFiringSeconds: time.seconds(10 * MINUTE),
  summary: 'Workflows stand still, because the code of the worker does not fit what they did before.',
  description: '{{ $value }} steps of {{ $labels.workflow_type }} were refused in the last 15 minutes.',
  panel: panelLink('parts', 'temporalFailures'),
});

const pollersMissing = (time: Time): AlertRule => ({
  name: 'WorkflowPollersMissing',
  severity: 'critical',
  expr: `(sum(${series(pollers, { ...OURS, poller_type: 'workflow_task' })}) or vector(0)) == 0`,
  forSeconds: time.seconds(5 * MINUTE),
  summary: 'No worker asks Temporal for work: no window is closed, reopened or replayed.',
  description: 'No worker has asked for steps of workflows for 5 minutes.',
  panel: panelLink('parts', 'temporalPollers'),
});

function scheduleMissed(time: Time, { job, intervalSeconds }: (typeof SCHEDULES)[number]): AlertRule {
  const ageSecondsMax = time.seconds(intervalSeconds * THRESHOLDS.jobIntervalsMax);
  return {
    name: 'WorkflowScheduleMissed',
    severity: 'warning',
    // Whichever worker it was that did the job.
    expr: `min ${by(jobAge, 'job_name')} (${series(jobAge, { job_name: job })}) > ${ageSecondsMax}`,
    forSeconds: time.seconds(MINUTE),
    labels: { job_name: job },
    summary: 'A recurring job is not done: its schedule does not start it, or it does not end.',
    description: 'The job {{ $labels.job_name }} has not ended well for {{ $value | humanizeDuration }}.',
    panel: panelLink('windows', 'schedules'),
  };
}

function activityBacklog(time: Time): AlertRule {
  const waits = `sum ${by(activityWait, 'task_queue', 'le')} (rate(${buckets(activityWait, OURS)}[${time.range(10 * MINUTE)}]))`;
  return {
    name: 'WorkflowActivityBacklog',
    severity: 'warning',
    expr: `histogram_quantile(0.95, ${waits}) > ${time.seconds(THRESHOLDS.activityWaitSecondsMax)}`,
    forSeconds: time.seconds(10 * MINUTE),
    summary: 'Work waits for a worker: all of them are busy.',
    description:
      'Of twenty activities of {{ $labels.task_queue }} one waits {{ $value | humanizeDuration }} or longer for a worker.',
    panel: panelLink('parts', 'temporalQueueTimes'),
  };
}
