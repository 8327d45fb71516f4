import { type IncidentClient, signalBeat, commandIncident } from '../../activities/incidents/client.ts';
import { createOpenOrUpdate } from '../../activities/incidents/open-or-update.ts';
import { UnmogrowpError, toUnmogrowpError } from '../../errors.ts';
import { PLATFORM_TENANT, incidentWorkflowId } from '../../incidents/http/alert-group.ts';
import type { AskedCommand } from '../../incidents/http/commands.ts';
import type { IncidentName, IncidentPorts } from '../../incidents/http/ports.ts';
import { type LinkKeys, verifyLink } from '../../incidents/links/link.ts';
import { knownDurationMs } from '../../incidents/policy/duration.ts';
import type { PolicySource } from '../../incidents/policy/load.ts';
import type { StoredIncident } from '../../incidents/stored.ts';
import type { IncidentCommand } from '../../incidents/types.ts';
import { loadIncident } from '../../postgres/incidents.ts';
import type { PostgresPool } from '../../postgres/pool.ts';
import { checkCommand } from './check-command.ts';
import { createWorkflowBook, findWorkflow } from './find-incident.ts';
import { writeReport } from './report.ts';
import { createViews } from './views.ts';

export interface PortOptions {
  /** Throws `temporal_unavailable` while there is no connection. */
  readonly client: () => IncidentClient;
  readonly postgres: PostgresPool;
  readonly policy: PolicySource;
  /** Undefined when no links are sent. */
  readonly linkKeys: LinkKeys | undefined;
  readonly nowMs: () => number;
  /** Told about what was done without. */
  readonly onError: (thrown: unknown) => void;
}

/** What people and programs wait for at most; then they are told to come again. */
const TEMPORAL_WAIT_MS = 7_000;
/** A link silences for so long. */
const LINK_SNOOZE_MS = 3_600_000;

/** Everything that the HTTP application touches, on Temporal and, where it answers, on PostgreSQL. */
export function createIncidentPorts(options: PortOptions): IncidentPorts {
  const { client, postgres, policy, linkKeys, nowMs, onError } = options;
  const book = createWorkflowBook();
  const openOrUpdate = createOpenOrUpdate(options);
  const views = createViews({ ...options, book });

  const inTime = <Result>(work: (client: IncidentClient) => Promise<Result>): Promise<Result> => {
    const connected = client();
    return connected.temporal.withDeadline(Date.now() + TEMPORAL_WAIT_MS, () => work(connected));
  };

  /** Undefined when the store does not know it, or does not answer. */
  async function load(incidentId: string): Promise<StoredIncident | undefined> {
    try {
      return await loadIncident(postgres, incidentId);
    } catch (error) {
      if (toUnmogrowpError(error).code !== 'incident_unknown') onError(error);
      return undefined;
    }
  }

  const workflowOf = ({ incidentId, workflowId }: IncidentName): Promise<string> =>
    workflowId === undefined
      ? inTime(() => findWorkflow(incidentId, { book, load, client }))
      : Promise.resolve(workflowId);

  /** The other incident is looked up only where there is one. */
  async function wholeCommand(command: AskedCommand): Promise<IncidentCommand> {
    if (command.name !== 'merge') return command;
    const intoWorkflowId = await workflowOf({ incidentId: command.intoIncidentId });
    return { ...command, intoWorkflowId };
  }

  return {
    async openOrUpdate(group) {
      const incidentId = await openOrUpdate(group);
      if (incidentId !== null) book.set(incidentId, incidentWorkflowId(group.tenant, group.groupKey));
      return incidentId;
    },
    async beat(name) {
      const heartbeat = policy.current().document.heartbeats.find((one) => one.name === name);
      if (heartbeat === undefined) return undefined;
      const [everyMs, graceMs] = [knownDurationMs(heartbeat.every), knownDurationMs(heartbeat.grace)];
      await inTime((connected) => signalBeat(connected, { tenant: PLATFORM_TENANT, name, everyMs, graceMs }));
      return { dueAtMs: nowMs() + everyMs + graceMs };
    },
    async command(incident, asked, commandId) {
      const { incidentId } = incident;
      await checkCommand(asked, { document: policy.current().document, postgres, onError });
      const workflowId = await workflowOf(incident);
      const command = await wholeCommand(asked);
      try {
        const done = await inTime((connected) =>
          commandIncident(connected, workflowId, { incidentId, command, commandId }),
        );
        return { incident_id: done.incidentId, status: done.status };
      } catch (error) {
        throw (await hasEnded(error, incidentId, load)) ? ended(incidentId) : error;
      }
    },
    ...views,
    report: (incidentId) => writeReport(postgres, incidentId, nowMs()),
    readLink(token) {
      const read = linkKeys === undefined ? undefined : verifyLink(token, linkKeys, nowMs());
      if (read?.isValid !== true) {
        const isExpired = read?.isValid === false && read.reason === 'expired';
        throw new UnmogrowpError('link_invalid', isExpired ? 'The link has expired.' : 'The link is not a valid one.');
      }
      const { id: linkId, incidentId, workflowId, action, person: actor } = read.link;
      const base = { actor, via: 'link', linkId } as const;
      const command: AskedCommand =
        action === 'snooze' ? { ...base, name: action, untilMs: nowMs() + LINK_SNOOZE_MS } : { ...base, name: action };
      return { incidentId, workflowId, command };
    },
  };
}

/** An incident that the store knows and Temporal does not any more has ended. */
const hasEnded = async (
  error: unknown,
  incidentId: string,
  load: (incidentId: string) => Promise<StoredIncident | undefined>,
): Promise<boolean> => toUnmogrowpError(error).code === 'incident_unknown' && (await load(incidentId)) !== undefined;

const ended = (incidentId: string): UnmogrowpError =>
  new UnmogrowpError(
    'incident_refused',
    `Incident ${incidentId} has ended. See: unmogrowp incident show ${incidentId}`,
  );
