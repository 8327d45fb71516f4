import type { SendByChannel } from '../../incidents/channels/all.ts';
import type { AlertGroup } from '../../incidents/http/alert-group.ts';
import type { LinkSettings } from '../../incidents/links/action-links.ts';
import type { Environment } from '../../incidents/policy/contacts.ts';
import type { PolicySource } from '../../incidents/policy/load.ts';
import type { CreatedMetrics } from '../../otel/metrics.ts';
import type { INCIDENTS_METRICS } from '../../otel/registry/incidents.ts';
import { withFailures } from '../failures.ts';
import type { IncidentClient } from './client.ts';
import type { ContactActivities } from './contact-contract.ts';
import type { HeartbeatActivities, IncidentActivities } from './contract.ts';
import type { EnrichDependencies } from './enrich.ts';
import { createFindMaintenance } from './find-maintenance.ts';
import { createGatherPage } from './gather-page.ts';
import type { TimelineWatch } from './measure-entries.ts';
import { createOpenFromHeartbeat } from './open-from-heartbeat.ts';
import { createRecordEntries } from './record-entries.ts';
import { createResolveTargets } from './resolve-targets.ts';
import { createSendMessage } from './send-message.ts';
import { createSignalIncident } from './signal-incident.ts';
import { createTellContact } from './tell-contact.ts';
import { createTellOutcomes } from './tell-outcomes.ts';

/** What the activities of incidents work with: clients and settings, built once by the process. */
export interface IncidentDependencies extends EnrichDependencies {
  readonly client: IncidentClient;
  readonly policy: PolicySource;
  /** What the variables of the policy are looked up in. */
  readonly environment: Environment;
  readonly sendByChannel: SendByChannel;
  /** Null where no links are sent. */
  readonly links: LinkSettings | null;
  /** The way that alerts of every source go. */
  readonly openOrUpdate: (group: AlertGroup) => Promise<string | null>;
  readonly timelineWatch: TimelineWatch;
  readonly metrics: CreatedMetrics<typeof INCIDENTS_METRICS>['metrics'];
}

type Activities = IncidentActivities & ContactActivities & HeartbeatActivities;

/** All I/O of the workflows of incidents, contacts and heartbeats, made from the clients of one process. */
export function createIncidentActivities(dependencies: IncidentDependencies): Activities {
  const activities: Activities = {
    findMaintenance: createFindMaintenance(dependencies),
    resolveTargets: createResolveTargets(dependencies),
    gatherPage: createGatherPage(dependencies),
    tellContact: createTellContact(dependencies),
    recordEntries: createRecordEntries(dependencies),
    signalIncident: createSignalIncident(dependencies),
    openFromHeartbeat: createOpenFromHeartbeat(dependencies),
    sendMessage: createSendMessage(dependencies),
    tellOutcomes: createTellOutcomes({ temporal: dependencies.client.temporal }),
  };
  return withFailures(activities, ({ code }) => dependencies.metrics.errors.inc({ code }));
}
