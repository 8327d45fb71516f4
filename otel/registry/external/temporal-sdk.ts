import { bounded, external } from '../declare.ts';

const source = 'temporal_sdk';
const task_queue = bounded('task queues');
const workflow_type = bounded('types of workflows');
const activity_type = bounded('types of activities');

/** What Temporal's SDK measures inside the worker; it stands on the worker's own `/metrics`, with `_total` and seconds. */
export const TEMPORAL_SDK = {
  workflowTaskFailures: external({
    source,
    name: 'temporal_workflow_task_execution_failed_total',
    kind: 'counter',
    help: 'Steps of workflows that failed and are tried again; non-determinism is code that does not fit a history.',
    labels: {
      task_queue,
      workflow_type,
      failure_reason: ['NonDeterminismError', 'WorkflowError', 'timeout', 'GrpcMessageTooLarge', 'PayloadsTooLarge'],
    },
  }),
  workflowTaskWait: external({
    source,
    name: 'temporal_workflow_task_schedule_to_start_latency_seconds',
    kind: 'histogram',
    help: 'How long a step of a workflow waited for a worker.',
    labels: { task_queue },
  }),
  activityDuration: external({
    source,
    name: 'temporal_activity_execution_latency_seconds',
    kind: 'histogram',
    help: 'How long an activity took.',
    labels: { task_queue, workflow_type, activity_type },
  }),
  activityWait: external({
    source,
    name: 'temporal_activity_schedule_to_start_latency_seconds',
    kind: 'histogram',
    help: 'How long an activity waited for a worker.',
    labels: { task_queue },
  }),
  activityFailures: external({
    source,
    name: 'temporal_activity_execution_failed_total',
    kind: 'counter',
    help: 'Attempts of activities that failed.',
    labels: { task_queue, workflow_type, activity_type },
  }),
  pollers: external({
    source,
    name: 'temporal_num_pollers',
    kind: 'gauge',
    help: 'Open questions for work.',
    labels: { task_queue, poller_type: ['workflow_task', 'sticky_workflow_task', 'activity_task'] },
  }),
  slotsUsed: external({
    source,
    name: 'temporal_worker_task_slots_used',
    kind: 'gauge',
    help: 'Places that are taken.',
    labels: { task_queue, worker_type: ['WorkflowWorker', 'ActivityWorker', 'LocalActivityWorker'] },
  }),
  slotsFree: external({
    source,
    name: 'temporal_worker_task_slots_available',
    kind: 'gauge',
    help: 'Places that are free.',
    labels: { task_queue, worker_type: ['WorkflowWorker', 'ActivityWorker', 'LocalActivityWorker'] },
  }),
} as const;
