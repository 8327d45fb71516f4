import type { PolicySnapshot } from '../../incidents/policy/snapshot.ts';
import type { IncidentOpening } from '../../incidents/state/state.ts';
import type { AlertReference } from '../../incidents/types.ts';

export const SECOND_MS = 1_000;
export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;

/** Two steps, told once more when nobody answers, and a channel that nobody leaves. */
export const POLICY: PolicySnapshot = {
  version: '0123456789ab',
  policyId: 'platform',
  urgency: { kind: 'severity', of: { critical: 'high', warning: 'high', info: 'low' } },
  steps: [
    { notify: [{ kind: 'person', person: 'ada' }], waitMs: 5 * MINUTE_MS },
    { notify: [{ kind: 'person', person: 'ben' }], waitMs: 10 * MINUTE_MS },
  ],
  schedules: {},
  repeat: 1,
  holdMs: 2 * MINUTE_MS,
  acknowledgeTimeoutMs: 30 * MINUTE_MS,
  autoResolveMs: null,
  statusUpdateMs: null,
  lastResort: 'everybody',
  throttle: { messages: 5, perMs: 15 * MINUTE_MS },
};

/** An incident of the platform as somebody opens it. */
export const opening = (
  policy: Partial<PolicySnapshot> = {},
  parts: Partial<Omit<IncidentOpening, 'policy'>> = {},
): IncidentOpening => ({
  incidentId: '01900000-0000-7000-8000-000000000001',
  workflowId: 'incident/platform/0123456789abcdef',
  tenant: 'platform',
  title: 'SinkDelayed',
  severity: 'critical',
  source: 'alertmanager',
  labels: { alertname: 'SinkDelayed' },
  previousIncidentId: null,
  ...parts,
  policy: { ...POLICY, ...policy },
});

export const firing = (fingerprint = 'a', startsAtMs = 0): AlertReference => ({
  fingerprint,
  status: 'firing',
  startsAtMs,
});

export const resolved = (fingerprint = 'a', startsAtMs = 0): AlertReference => ({
  fingerprint,
  status: 'resolved',
  startsAtMs,
});
