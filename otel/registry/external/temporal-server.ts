import { bounded, external } from '../declare.ts';

const source = 'temporal_server';
/** The part of the server that says so; `worker` runs the schedules. */
const SERVICES = ['frontend', 'history', 'matching', 'worker', 'server'] as const;
const operation = bounded('calls of Temporal');
const namespace = bounded('namespaces');
const task_type = ['Activity', 'Workflow'] as const;
const taskqueue = bounded('task queues');

/** What Temporal's server says on its own `/metrics`; its counters have no `_total`, its times are seconds. */
export const TEMPORAL_SERVER = {
  requests: external({
    source,
    name: 'service_requests',
    kind: 'counter',
    help: 'Calls that the server got.',
    labels: { service_name: SERVICES, operation, namespace },
  }),
  requestErrors: external({
    source,
    name: 'service_error_with_type',
    kind: 'counter',
    help: 'Calls that failed, by the type of the error; many of them, such as "not found", are everyday life.',
    labels: { service_name: SERVICES, operation, namespace, error_type: bounded('types of errors') },
  }),
  requestDuration: external({
    source,
    name: 'service_latency',
    kind: 'histogram',
    help: 'How long calls took, in seconds.',
    labels: { service_name: SERVICES, operation, namespace },
  }),
  storeRequests: external({
    source,
    name: 'persistence_requests',
    kind: 'counter',
    help: "Calls to the server's database.",
    labels: { service_name: SERVICES, operation, namespace },
  }),
  storeErrors: external({
    source,
    name: 'persistence_error_with_type',
    kind: 'counter',
    help: "Calls to the server's database that failed, by the type of the error.",
    labels: { service_name: SERVICES, operation, namespace, error_type: bounded('types of errors') },
  }),
  storeDuration: external({
    source,
    name: 'persistence_latency',
    kind: 'histogram',
    help: "How long the server's database took, in seconds.",
    labels: { service_name: SERVICES, operation, namespace },
  }),
  backlog: external({
    source,
    name: 'approximate_backlog_count',
    kind: 'gauge',
    help: 'Tasks of a queue that no worker has taken; there only after a task has had to wait.',
    labels: { taskqueue, task_type },
  }),
  backlogAge: external({
    source,
    name: 'approximate_backlog_age_seconds',
    kind: 'gauge',
    help: 'Age of the oldest task that no worker has taken.',
    labels: { taskqueue, task_type },
  }),
  tasksWithoutPoller: external({
    source,
    name: 'no_poller_tasks',
    kind: 'counter',
    help: 'Tasks that came while nobody had asked for any for minutes.',
    labels: { taskqueue, task_type },
  }),
  pollsSucceeded: external({
    source,
    name: 'poll_success',
    kind: 'counter',
    help: 'Tasks that were handed to a worker.',
    labels: { taskqueue, task_type },
  }),
  scheduledActions: external({
    source,
    name: 'schedule_action_success',
    kind: 'counter',
    help: 'Workflows that schedules have started.',
    labels: { namespace },
  }),
  scheduledActionErrors: external({
    source,
    name: 'schedule_action_errors',
    kind: 'counter',
    help: 'Workflows that schedules could not start.',
    labels: { namespace },
  }),
  schedulesMissed: external({
    source,
    name: 'schedule_missed_catchup_window',
    kind: 'counter',
    help: 'Times of schedules that passed for good while the server was away.',
    labels: { namespace },
  }),
  workflowsSucceeded: external({
    source,
    name: 'workflow_success',
    kind: 'counter',
    help: 'Workflows that ended well.',
    labels: { namespace, workflowType: bounded('types of workflows') },
  }),
  workflowsFailed: external({
    source,
    name: 'workflow_failed',
    kind: 'counter',
    help: 'Workflows that ended with a failure.',
    labels: { namespace, workflowType: bounded('types of workflows') },
  }),
  restarts: external({
    source,
    name: 'restarts',
    kind: 'counter',
    help: 'Starts of each part of the server.',
    labels: { service_name: SERVICES },
  }),
} as const;
