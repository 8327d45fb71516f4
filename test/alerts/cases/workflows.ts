import { TEMPORAL_SDK } from '../../../otel/registry/external/temporal-sdk.ts';
import { WINDOWS_METRICS } from '../../../otel/registry/windows.ts';
import { type AlertCase, always, growing, input } from './case.ts';

const { workflowTaskFailures, pollers, activityWait } = TEMPORAL_SDK;
const { jobAge } = WINDOWS_METRICS;
const worker = { instance: 'worker-1', job: 'worker' };
const age = (job_name: string, instance = 'worker-1'): string =>
  input(jobAge.name, { job: 'worker', instance, job_name });
const refused = (failure_reason: string): string =>
  input(workflowTaskFailures.name, { ...worker, workflow_type: 'window', failure_reason });
const asking = input(pollers.name, { ...worker, poller_type: 'workflow_task' });
const wait = (le: string): string => input(`${activityWait.name}_bucket`, { ...worker, task_queue: 'unmogrowp', le });

const nobody = {
  labels: { severity: 'critical' },
  description: 'No worker has asked for steps of workflows for 5 minutes.',
};

/** Temporal's workflows. */
export const WORKFLOWS_CASES: readonly AlertCase[] = [
  {
    name: 'WorkflowNonDeterminism',
    summary: 'Workflows stand still, because the code of the worker does not fit what they did before.',
    quiet: { [refused('WorkflowError')]: growing(1), [refused('NonDeterminismError')]: always(4) },
    quietAt: ['62m', '95m'],
    // The series is there only from the first refusal on.
    firing: { [refused('NonDeterminismError')]: '_x20 3x1500' },
    at: '25m',
    told: [
      {
        labels: { severity: 'critical', workflow_type: 'window' },
        description: '3 steps of window were refused in the last 15 minutes.',
      },
    ],
  },
  {
    name: 'WorkflowPollersMissing',
    summary: 'No worker asks Temporal for work: no window is closed, reopened or replayed.',
    quiet: { [asking]: always(5) },
    // Temporal's server has workers of its own.
    firing: {
      [asking]: '5x10 0x1500',
      [input(pollers.name, { job: 'temporal', poller_type: 'workflow_task' })]: always(2),
    },
    at: '20m',
    told: [nobody],
    withoutData: [nobody],
  },
  {
    name: 'WorkflowScheduleMissed',
    summary: 'A recurring job is not done: its schedule does not start it, or it does not end.',
    // The other worker has done it each time.
    quiet: {
      [age('reconcile')]: '0+60x1500',
      [age('reconcile', 'worker-2')]: always(30),
      [age('audit')]: '0+60x45 0x1500',
    },
    firing: { [age('reconcile')]: always(30), [age('audit')]: '0+60x1500', [age('ledger')]: always(600) },
    at: '60m',
    told: [
      {
        labels: { severity: 'warning', job_name: 'audit' },
        description: 'The job audit has not ended well for 1h 0m 0s.',
      },
    ],
  },
  {
    name: 'WorkflowActivityBacklog',
    summary: 'Work waits for a worker: all of them are busy.',
    quiet: { [wait('1.0')]: growing(100), [wait('60.0')]: growing(100), [wait('+Inf')]: growing(100) },
    firing: { [wait('60.0')]: growing(10), [wait('300.0')]: growing(100), [wait('+Inf')]: growing(100) },
    at: '40m',
    told: [
      {
        labels: { severity: 'warning', task_queue: 'unmogrowp' },
        description: 'Of twenty activities of unmogrowp one waits 4m 46s or longer for a worker.',
      },
    ],
  },
];
