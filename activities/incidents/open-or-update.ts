import { v7 as uuidv7 } from 'uuid';
import { type AlertGroup, incidentWorkflowId, referenceOf } from '../../incidents/http/alert-group.ts';
import type { LoadedPolicy } from '../../incidents/policy/load.ts';
import { snapshotFor, takeSnapshot } from '../../incidents/policy/take-snapshot.ts';
import type { PolicySnapshot } from '../../incidents/policy/snapshot.ts';
import type { StoredIncident } from '../../incidents/stored.ts';
import { withinTime } from '../../incidents/within-time.ts';
import { findLastIncident, saveIncidentAlerts } from '../../postgres/incidents.ts';
import type { PostgresPool } from '../../postgres/pool.ts';
import { UnmogrowpError } from '../../errors.ts';
import { type IncidentClient, tellAlerts } from './client.ts';

export interface OpenDependencies {
  /** Throws `temporal_unavailable` while there is no connection. */
  readonly client: () => IncidentClient;
  readonly postgres: PostgresPool;
  readonly policy: { readonly current: () => Pick<LoadedPolicy, 'document' | 'version'> };
  readonly nowMs: () => number;
  /** Told about what is missing because PostgreSQL does not answer. */
  readonly onError: (thrown: unknown) => void;
}

/** What PostgreSQL does not give in this time is done without: only Temporal is needed. */
const POSTGRES_WAIT_MS = 1_000;
/** Alertmanager gives a message up after ten seconds. */
const TEMPORAL_WAIT_MS = 7_000;

/**
 * Makes the function that takes alerts of any source. It resolves with the incident when Temporal has accepted them, and with
 * null when only ends were told of an incident that is over. Throws `temporal_unavailable`.
 */
export function createOpenOrUpdate(dependencies: OpenDependencies): (group: AlertGroup) => Promise<string | null> {
  const { client, postgres, policy, nowMs, onError } = dependencies;

  /** The result, or undefined when it failed or takes too long; then it may still be done. */
  const tryPostgres = <Result>(work: Promise<Result>): Promise<Result | undefined> =>
    withinTime(
      POSTGRES_WAIT_MS,
      work.catch((error: unknown) => {
        onError(error);
        return undefined;
      }),
    );

  return async function openOrUpdate(group) {
    const { temporal, taskQueue } = client();
    const workflowId = incidentWorkflowId(group.tenant, group.groupKey);
    const newIncidentId = uuidv7({ msecs: nowMs() });
    const isFiring = group.alerts.some(({ status }) => status === 'firing');
    const known = await tryPostgres(findLastIncident(postgres, workflowId).then((last) => ({ last })));
    // Who gathers the page reads the details as soon as the incident is open: they are there before it.
    const expectedId = isOpen(known?.last) ? known.last.incident_id : isFiring ? newIncidentId : undefined;
    const isStored = known !== undefined && expectedId !== undefined;
    if (isStored) await tryPostgres(saveIncidentAlerts(postgres, expectedId, group.alerts));
    const opening = {
      incidentId: newIncidentId,
      workflowId,
      tenant: group.tenant,
      title: group.title,
      severity: group.severity,
      source: group.source,
      labels: group.labels,
      policy: policyFor(policy.current(), group),
      previousIncidentId: known?.last?.incident_id ?? null,
    };
    const { incidentId } = await temporal.withDeadline(Date.now() + TEMPORAL_WAIT_MS, () =>
      tellAlerts({ temporal, taskQueue }, { opening, alerts: group.alerts.map(referenceOf) }),
    );
    if (incidentId !== null && !(isStored && incidentId === expectedId)) {
      await tryPostgres(saveIncidentAlerts(postgres, incidentId, group.alerts));
    }
    return incidentId;
  };
}

const isOpen = (incident: StoredIncident | undefined): incident is StoredIncident =>
  incident !== undefined && incident.status !== 'resolved' && incident.status !== 'merged';

/** What no policy of the file takes goes to its last one, which is the one for everything else: somebody has to be told. */
function policyFor(
  { document, version }: Pick<LoadedPolicy, 'document' | 'version'>,
  group: AlertGroup,
): PolicySnapshot {
  const labels = { ...group.labels, severity: group.severity, tenant: group.tenant };
  const found = snapshotFor({ document, version }, labels);
  if (found !== undefined) return found;
  const last = document.policies.at(-1);
  if (last === undefined) throw new UnmogrowpError('bug', 'The incident policy was accepted without any policy in it.');
  return takeSnapshot(document, last, version);
}
