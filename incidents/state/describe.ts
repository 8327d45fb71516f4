import type { IncidentRecord } from '../stored.ts';
import type { IncidentState } from './state.ts';

/** Where an incident stands, as it is stored and listed. */
export function recordOf(state: IncidentState): IncidentRecord {
  const { incidentId, workflowId, tenant, title, severity, policy, previousIncidentId } = state.opening;
  return {
    incidentId,
    workflowId,
    tenant,
    title,
    severity,
    urgency: state.urgency,
    status: state.status,
    policyVersion: policy.version,
    previousIncidentId,
    openedAtMs: state.openedAtMs,
    acknowledgedAtMs: state.firstAcknowledgedAtMs,
    resolvedAtMs: state.endedAtMs,
    entries: state.entries,
  };
}

/** What an incident waits for, in words. */
export function waitsFor(state: IncidentState): string {
  if (state.endedAtMs !== null) return 'nothing: it has ended';
  switch (state.status) {
    case 'triggered':
      return waitsForAnswer(state);
    case 'acknowledged':
      return 'whoever acknowledged it to fix it, or its alerts to end';
    case 'snoozed':
      return 'the end of the snooze';
    case 'suppressed':
      return 'the end of the maintenance window';
    case 'merged':
      return 'its alerts to end; the incident that it became part of is looked after';
    case 'resolved':
      return 'nothing: it has ended';
  }
}

function waitsForAnswer({ firing, ladder, opening: { policy }, urgency }: IncidentState): string {
  if (firing === 0) return 'the hold time: nothing fires any more';
  if (ladder.phase === 'asking') return 'an answer whether there is maintenance';
  if (urgency === 'low') return 'somebody who has time: it does not escalate';
  if (ladder.phase === 'over') return 'somebody: nobody has answered through all steps';
  return `an answer: step ${ladder.step} of ${policy.steps.length} was told, loop ${ladder.loop} of ${policy.repeat + 1}`;
}
