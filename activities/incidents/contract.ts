import type { PolicySnapshot } from '../../incidents/policy/snapshot.ts';
import type { IncidentRecord } from '../../incidents/stored.ts';
import type {
  AlertReference,
  ContactReference,
  Notice,
  Severity,
  Target,
  TimelineEntry,
  Urgency,
} from '../../incidents/types.ts';

/** Which maintenance window holds for alerts with these labels? */
export interface MaintenanceQuestion {
  version: 1;
  tenant: string;
  severity: Severity;
  labels: Readonly<Record<string, string>>;
  atMs: number;
}

/** The window that ends last, or nulls. That nobody knows is an error. */
export interface MaintenanceAnswer {
  maintenanceId: string | null;
  untilMs: number | null;
}

/** Whom do targets stand for at a moment? */
export interface TargetsQuestion {
  version: 1;
  targets: readonly Target[];
  urgency: Urgency;
  /** The schedules that the targets name, as the incident's policy had them. */
  schedules: PolicySnapshot['schedules'];
  atMs: number;
}

/** One target and the contacts of each person behind it, by the present policy: the first is told, the next when that fails. */
export interface ResolvedTarget {
  target: Target;
  /** Empty when nobody is on call, or when the present policy does not know the target. */
  chains: readonly (readonly ContactReference[])[];
}

export interface TargetsAnswer {
  targets: readonly ResolvedTarget[];
  /** False when PostgreSQL could not be asked for overrides: then the schedules count as they are written. */
  areOverridesKnown: boolean;
}

/** What a page is gathered for. */
export interface PageQuestion {
  version: 1;
  incidentId: string;
  workflowId: string;
  tenant: string;
  title: string;
  severity: Severity;
  urgency: Urgency;
  openedAtMs: number;
  /** What all alerts of the group have in common: all that is known of them while the store is away. */
  labels: Readonly<Record<string, string>>;
  /** What fires, the newest of it; at most `PAGE_ALERTS_MAX` of them. */
  alerts: readonly AlertReference[];
  alertsFiring: number;
}

export interface GatheredPage {
  /** Plain text, as it is sent. */
  text: string;
  durationMs: number;
  /** Names of the parts that were not available, with commas between them; empty when all were. */
  unavailable: string;
}

/** A notice for a contact, whose own workflow sends it. */
export interface TellRequest {
  version: 1;
  contact: ContactReference;
  notice: Notice;
}

/** Where an incident stands, and lines of its timeline that may have been written before. */
export interface RecordRequest {
  version: 1;
  incident: IncidentRecord;
  entries: readonly TimelineEntry[];
}

/** An incident has become part of another one. */
export interface MergeRequest {
  version: 1;
  intoIncidentId: string;
  intoWorkflowId: string;
  incidentId: string;
  actor: string;
}

/** All I/O of the workflow `incident`. */
export interface IncidentActivities {
  findMaintenance(question: MaintenanceQuestion): Promise<MaintenanceAnswer>;
  resolveTargets(question: TargetsQuestion): Promise<TargetsAnswer>;
  gatherPage(question: PageQuestion): Promise<GatheredPage>;
  tellContact(request: TellRequest): Promise<void>;
  recordEntries(request: RecordRequest): Promise<void>;
  /** Throws `incident_unknown` when the other incident has ended. */
  signalIncident(request: MergeRequest): Promise<void>;
}

/** A heartbeat that did not come, or that came again. */
export interface MissedHeartbeat {
  version: 1;
  tenant: string;
  name: string;
  status: 'firing' | 'resolved';
  /** When it was due: the same for the miss and for its end. */
  startsAtMs: number;
  everyMs: number;
  lastBeatAtMs: number;
}

/** All I/O of the workflow `heartbeat`. */
export interface HeartbeatActivities {
  /** Opens an incident, or ends it; of a heartbeat that the policy does not name any more none is opened. */
  openFromHeartbeat(missed: MissedHeartbeat): Promise<{ isKnown: boolean }>;
}
