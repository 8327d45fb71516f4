import type { AlertDetails } from './page/types.ts';
import type { IncidentStatus, Severity, TimelineKind, Urgency } from './types.ts';

/** Where an incident stands, as its workflow tells it to the store. */
export interface IncidentRecord {
  readonly incidentId: string;
  readonly workflowId: string;
  readonly tenant: string;
  readonly title: string;
  readonly severity: Severity;
  readonly urgency: Urgency;
  readonly status: IncidentStatus;
  readonly policyVersion: string;
  readonly previousIncidentId: string | null;
  readonly openedAtMs: number;
  /** When somebody first acknowledged it. */
  readonly acknowledgedAtMs: number | null;
  readonly resolvedAtMs: number | null;
  /** How many entries its timeline had: what was told with fewer never undoes what was told with more. */
  readonly entries: number;
}

/** What a source says of one alert, with its end. */
export interface ToldAlert extends AlertDetails {
  /** Null while it fires. */
  readonly endsAtMs: number | null;
}

/** An incident as it is stored. */
export interface StoredIncident {
  readonly incident_id: string;
  readonly workflow_id: string;
  readonly tenant_id: string;
  readonly title: string;
  readonly severity: Severity;
  readonly urgency: Urgency;
  readonly status: IncidentStatus;
  readonly policy_version: string;
  readonly previous_incident_id: string | null;
  readonly opened_at: Date;
  readonly acknowledged_at: Date | null;
  readonly resolved_at: Date | null;
}

/** One line of the timeline as it is stored. */
export interface StoredEntry {
  readonly entry_id: string;
  readonly incident_id: string;
  readonly at: Date;
  readonly kind: TimelineKind;
  readonly actor: string;
  readonly details: Readonly<Record<string, string | number | boolean | null>>;
}

/** One alert of an incident as it is stored. */
export interface StoredAlert {
  readonly fingerprint: string;
  readonly status: 'firing' | 'resolved';
  readonly starts_at: Date;
  readonly ends_at: Date | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly generator_url: string;
}
