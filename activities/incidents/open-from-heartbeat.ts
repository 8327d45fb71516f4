import { createHash } from 'node:crypto';
import { type AlertGroup, shortTitle } from '../../incidents/http/alert-group.ts';
import type { PolicySource } from '../../incidents/policy/load.ts';
import type { Severity } from '../../incidents/types.ts';
import type { HeartbeatActivities, MissedHeartbeat } from './contract.ts';

const ALERT = 'HeartbeatMissed';

export interface HeartbeatDependencies {
  readonly policy: Pick<PolicySource, 'current'>;
  /** The way that alerts of every source go. */
  readonly openOrUpdate: (group: AlertGroup) => Promise<string | null>;
  readonly nowMs: () => number;
}

/** Opens an incident about a beat that did not come, and ends it with the next one. */
export function createOpenFromHeartbeat({
  policy,
  openOrUpdate,
  nowMs,
}: HeartbeatDependencies): HeartbeatActivities['openFromHeartbeat'] {
  return async function openFromHeartbeat(missed) {
    const definition = policy.current().document.heartbeats.find(({ name }) => name === missed.name);
    const isKnown = definition !== undefined;
    // An incident that is open is ended whatever the policy says by now.
    if (isKnown || missed.status === 'resolved') {
      await openOrUpdate(groupOfHeartbeat(missed, definition?.severity ?? 'critical', nowMs()));
    }
    return { isKnown };
  };
}

function groupOfHeartbeat(missed: MissedHeartbeat, severity: Severity, nowMs: number): AlertGroup {
  const { tenant, name, status, startsAtMs, everyMs, lastBeatAtMs } = missed;
  const title = shortTitle(`Heartbeat ${name} was missed`);
  const labels = { alertname: ALERT, heartbeat: name, severity };
  const last = new Date(lastBeatAtMs).toISOString();
  const description = `The heartbeat ${name} is to come every ${everyMs / 1_000} seconds. It came last at ${last}.`;
  const groupKey = `heartbeat:${name}`;
  return {
    source: 'heartbeat',
    tenant,
    groupKey,
    title,
    severity,
    labels,
    alerts: [
      {
        fingerprint: createHash('sha256').update(`${tenant}/${groupKey}`).digest('hex').slice(0, 16),
        status,
        startsAtMs,
        endsAtMs: status === 'resolved' ? nowMs : null,
        labels,
        annotations: { summary: title, description },
      },
    ],
  };
}
