import type { Client } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { ContactActivities } from '../../activities/incidents/contact-contract.ts';
import type { HeartbeatActivities, IncidentActivities } from '../../activities/incidents/contract.ts';

export type PlainIncident = IncidentActivities & ContactActivities & HeartbeatActivities;

/**
 * Activities that answer at once, each with what is usual. Who is told hears it, and says so to the incident. Single ones can
 * be replaced.
 */
export function plainIncident(client: Client, replaced: Partial<PlainIncident> = {}): PlainIncident {
  return {
    findMaintenance: () => Promise.resolve({ maintenanceId: null, untilMs: null }),
    resolveTargets: ({ targets }) =>
      Promise.resolve({
        targets: targets.map((target) => ({
          target,
          chains: [target.kind === 'channel' ? [`channel:${target.channel}`] : ['person:ada/chat', 'person:ada/mail']],
        })),
        areOverridesKnown: true,
      }),
    gatherPage: () => Promise.resolve({ text: 'what was found', durationMs: 1, unavailable: '' }),
    tellContact: ({ contact, notice }) =>
      client.workflow.getHandle(notice.workflowId).signal('delivered', {
        deliveryKey: notice.deliveryKey,
        contact,
        outcome: 'sent',
        bundled: 1,
        atMs: Date.now(),
      }),
    recordEntries: () => Promise.resolve(),
    signalIncident: () => Promise.resolve(),
    openFromHeartbeat: () => Promise.resolve({ isKnown: true }),
    sendMessage: () => Promise.resolve({ channel: 'slack' }),
    tellOutcomes: () => Promise.resolve(),
    ...replaced,
  };
}

/** What no retry mends. */
export const refused = (code: string): ApplicationFailure => ApplicationFailure.nonRetryable('refused', code);
