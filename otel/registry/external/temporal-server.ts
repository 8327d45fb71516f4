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
  requestDuration: external({
    source,
    name: 'service_latency',
    kind: 'histogram',
    help: 'How long calls took, in seconds.',
    labels: { service_name: SERVICES, operation, namespace },
  }),
  storeDuration: external({
    source,
    name: 'persistence_latency',
    kind: 'histogram',
    help: "How long the server's database took, in seconds.",
    labels: { service_name: SERVICES, operation, namespace },
  }),
  backlogAge: external({
    source,
    name: 'approximate_backlog_age_seconds',
    kind: 'gauge',
    help: 'Age of the oldest task that no worker has taken.',
    labels: { taskqueue, task_type },
  }),
  scheduledActions: external({
    source,
    name: 'schedule_action_success',
    kind: 'counter',
    help: 'Workflows that schedules have started.',
    labels: { namespace },
  }),
} as const;
