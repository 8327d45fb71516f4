import {
  type Client,
  QueryNotRegisteredError,
  WithStartWorkflowOperation,
  type WorkflowHandle,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
} from '@temporalio/client';
import {
  ApplicationFailure,
  SearchAttributeType,
  TypedSearchAttributes,
  defineSearchAttributeKey,
} from '@temporalio/common';
import { UnmogrowpError } from '../../errors.ts';
import type { IncidentOpening } from '../../incidents/state/state.ts';
import type { AlertReference } from '../../incidents/types.ts';
import type {
  AlertsAnswer,
  AlertsMessage,
  Beat,
  CommandAnswer,
  CommandRequest,
  HeartbeatInput,
  IncidentDescription,
  IncidentInput,
} from '../../workflows/incident-messages.ts';
import { toTemporalError } from '../client.ts';

type IncidentWorkflow = (input: IncidentInput) => Promise<unknown>;
type HeartbeatWorkflow = (input: HeartbeatInput) => Promise<unknown>;

/** Where incidents are looked after. */
export interface IncidentClient {
  readonly temporal: Client;
  /** The one of `incidentQueue`. */
  readonly taskQueue: string;
}

/** The task queue of incidents and contacts: a page about a dead worker must not wait for that worker. */
export const incidentQueue = (taskQueue: string): string => `${taskQueue}-incidents`;

export const heartbeatWorkflowId = (tenant: string, name: string): string => `heartbeat/${tenant}/${name}`;

const TENANT = defineSearchAttributeKey('UnmogrowpTenant', SearchAttributeType.KEYWORD);

/** More of them in one message come too near to what Temporal takes in one: a larger group is told in several. */
const ALERTS_PER_MESSAGE_MAX = 2_000;
/** An incident that ends at this very moment refuses what comes; the next attempt opens another one. */
const ATTEMPTS_MAX = 3;

/** Everything that a source says of one group, with what an incident of it begins with. */
export interface AlertsOfGroup {
  readonly opening: IncidentOpening;
  readonly alerts: readonly AlertReference[];
}

/**
 * Tells the incident of a group about its alerts; opens one when something fires and none is open. It resolves when
 * Temporal has accepted all of it; telling it again changes nothing. Throws `temporal_unavailable`.
 */
export async function tellAlerts(client: IncidentClient, { opening, alerts }: AlertsOfGroup): Promise<AlertsAnswer> {
  // What fires comes first: ends alone open nothing, and their part of the group may be the first that is told.
  const sorted = alerts.toSorted((left, right) => Number(right.status === 'firing') - Number(left.status === 'firing'));
  let answer: AlertsAnswer = { incidentId: null, status: 'resolved', isNew: false };
  for (let first = 0; first < sorted.length; first += ALERTS_PER_MESSAGE_MAX) {
    const told = await tellMessage(client, {
      version: 1,
      opening,
      alerts: sorted.slice(first, first + ALERTS_PER_MESSAGE_MAX),
    });
    answer = { ...told, incidentId: told.incidentId ?? answer.incidentId, isNew: answer.isNew || told.isNew };
  }
  return answer;
}

async function tellMessage(client: IncidentClient, message: AlertsMessage): Promise<AlertsAnswer> {
  const isFiring = message.alerts.some(({ status }) => status === 'firing');
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await (isFiring ? openOrUpdate(client, message) : updateOpen(client, message));
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError) || attempt === ATTEMPTS_MAX) throw toTemporalError(error);
    }
  }
}

function openOrUpdate(client: IncidentClient, message: AlertsMessage): Promise<AlertsAnswer> {
  const { opening } = message;
  return client.temporal.workflow.executeUpdateWithStart<IncidentWorkflow, AlertsAnswer, [AlertsMessage]>('alerts', {
    startWorkflowOperation: new WithStartWorkflowOperation<IncidentWorkflow>('incident', {
      workflowId: opening.workflowId,
      taskQueue: client.taskQueue,
      args: [{ version: 1 }],
      workflowIdConflictPolicy: 'USE_EXISTING',
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      typedSearchAttributes: new TypedSearchAttributes([{ key: TENANT, value: opening.tenant }]),
    }),
    args: [message],
  });
}

/** Ends are told to an incident that is open, and to nobody when none is. */
async function updateOpen(client: IncidentClient, message: AlertsMessage): Promise<AlertsAnswer> {
  try {
    return await incidentHandle(client, message.opening.workflowId).executeUpdate<AlertsAnswer, [AlertsMessage]>(
      'alerts',
      { args: [message] },
    );
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
    return { incidentId: null, status: 'resolved', isNew: false };
  }
}

/**
 * Gives a command to an incident; the same `commandId` is the same command. Throws `incident_refused` with the reason,
 * `incident_unknown` when its workflow has ended, and `temporal_unavailable`.
 */
export async function commandIncident(
  client: IncidentClient,
  workflowId: string,
  { commandId, ...request }: Omit<CommandRequest, 'version'> & { commandId: string },
): Promise<CommandAnswer> {
  try {
    return await incidentHandle(client, workflowId).executeUpdate<CommandAnswer, [CommandRequest]>('command', {
      args: [{ version: 1, ...request }],
      updateId: commandId,
    });
  } catch (error) {
    throw refusalOf(error, request.incidentId);
  }
}

function refusalOf(thrown: unknown, incidentId: string): UnmogrowpError {
  if (thrown instanceof WorkflowNotFoundError) {
    return new UnmogrowpError('incident_unknown', `Incident ${incidentId} is not open.`, { cause: thrown });
  }
  const refusal = thrown instanceof WorkflowUpdateFailedError ? thrown.cause : undefined;
  if (refusal instanceof ApplicationFailure && refusal.type === 'incident_refused') {
    return new UnmogrowpError('incident_refused', refusal.message, { cause: thrown });
  }
  return toTemporalError(thrown);
}

/** What an incident says about itself; undefined when its workflow is not known any more. Throws `temporal_unavailable`. */
export async function describeIncident(
  client: IncidentClient,
  workflowId: string,
): Promise<IncidentDescription | undefined> {
  try {
    return await incidentHandle(client, workflowId).query<IncidentDescription>('describe');
  } catch (error) {
    // The workflow refuses to be asked while no incident of its group is open, which the client takes for this.
    if (error instanceof WorkflowNotFoundError || error instanceof QueryNotRegisteredError) return undefined;
    throw toTemporalError(error);
  }
}

/** The workflows of incidents that are open, the newest first. Throws `temporal_unavailable`. */
export async function listOpenWorkflows(client: IncidentClient, limit: number): Promise<string[]> {
  const found: string[] = [];
  const query = `WorkflowType = 'incident' AND ExecutionStatus = 'Running' AND TaskQueue = '${client.taskQueue}'`;
  try {
    for await (const { workflowId } of client.temporal.workflow.list({ query })) {
      found.push(workflowId);
      if (found.length >= limit) break;
    }
  } catch (error) {
    throw toTemporalError(error);
  }
  return found;
}

/** Tells the workflow of a heartbeat that it has come; begins to wait for the next one if nobody does. Throws `temporal_unavailable`. */
export async function signalBeat(
  client: IncidentClient,
  { tenant, name, ...beat }: { tenant: string; name: string } & Omit<Beat, 'version'>,
): Promise<void> {
  try {
    await client.temporal.workflow.signalWithStart<HeartbeatWorkflow, [Beat]>('heartbeat', {
      workflowId: heartbeatWorkflowId(tenant, name),
      taskQueue: client.taskQueue,
      args: [{ version: 1, tenant, name }],
      workflowIdConflictPolicy: 'USE_EXISTING',
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      signal: 'beat',
      signalArgs: [{ version: 1, ...beat }],
    });
  } catch (error) {
    throw toTemporalError(error);
  }
}

const incidentHandle = ({ temporal }: IncidentClient, workflowId: string): WorkflowHandle<IncidentWorkflow> =>
  temporal.workflow.getHandle<IncidentWorkflow>(workflowId);
