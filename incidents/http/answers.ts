import { z } from 'zod';
import type { ErrorCode, UnmogrowpError } from '../../errors.ts';
import { INCIDENT_STATUSES, SEVERITIES, TIMELINE_KINDS, URGENCIES } from '../types.ts';

/** Every reason to refuse a request, with its HTTP status. */
export const REFUSAL_STATUS = {
  malformed_json: 400,
  alert_invalid: 400,
  request_invalid: 400,
  token_missing: 401,
  token_wrong: 401,
  incident_unknown: 404,
  heartbeat_unknown: 404,
  incident_refused: 409,
  link_invalid: 410,
  body_too_large: 413,
  unavailable: 503,
} as const;

export type RefusalCode = keyof typeof REFUSAL_STATUS;

/** Why a request is refused: a value, since nothing is broken. */
export interface Refusal {
  readonly code: RefusalCode;
  readonly message: string;
}

/** Alertmanager waits longer each time by itself; whoever else asks can come back after this. */
export const RETRY_AFTER_SECONDS = 5;

export const refusalSchema = z
  .object({
    code: z.enum(Object.keys(REFUSAL_STATUS) as [RefusalCode, ...RefusalCode[]]),
    message: z.string(),
  })
  .meta({ title: 'Refusal' });

const incidentId = z.guid().meta({ description: 'The incident.' });

export const takenSchema = z
  .object({
    incident_id: incidentId.nullable().meta({ description: 'Null when something ended of which no incident is open.' }),
    alerts: z.int().min(1).meta({ description: 'How many alerts the message was about.' }),
  })
  .meta({ title: 'Taken', description: 'Temporal has accepted it: from here on it cannot be forgotten.' });

export const beatSchema = z
  .object({
    heartbeat: z.string(),
    due_at: z.iso.datetime().meta({ description: 'When the next beat has to come, or an incident is opened.' }),
  })
  .meta({ title: 'Beat' });

export const commandAnswerSchema = z
  .object({ incident_id: incidentId, status: z.enum(INCIDENT_STATUSES) })
  .meta({ title: 'Done', description: 'Where the incident stands after the command.' });

const time = z.iso.datetime();

const incidentSchema = z
  .object({
    incident_id: incidentId,
    workflow_id: z.string(),
    tenant_id: z.string(),
    title: z.string(),
    severity: z.enum(SEVERITIES),
    urgency: z.enum(URGENCIES),
    status: z.enum(INCIDENT_STATUSES),
    policy_version: z.string(),
    previous_incident_id: z.guid().nullable().meta({ description: 'The incident of the same alerts before this one.' }),
    opened_at: time,
    acknowledged_at: time.nullable(),
    resolved_at: time.nullable(),
  })
  .meta({ title: 'Incident' });

const entry = z
  .object({
    entry_id: z.string(),
    incident_id: incidentId,
    at: time,
    kind: z.enum(TIMELINE_KINDS),
    actor: z.string(),
    details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
  })
  .meta({ title: 'TimelineEntry' });

const alert = z
  .object({
    fingerprint: z.string(),
    status: z.enum(['firing', 'resolved']),
    starts_at: time,
    ends_at: time.nullable(),
    labels: z.record(z.string(), z.string()),
    annotations: z.record(z.string(), z.string()),
    generator_url: z.string(),
  })
  .meta({ title: 'StoredAlert' });

const unavailable = z
  .array(z.enum(['postgres', 'temporal']))
  .meta({ description: 'What did not answer, so that something may be missing here.' });

export const incidentListSchema = z
  .object({ incidents: z.array(incidentSchema), unavailable })
  .meta({ title: 'Incidents' });

const live = z
  .object({
    waits_for: z.string(),
    firing: z.int().min(0),
    resolved: z.int().min(0),
    flaps: z
      .int()
      .min(0)
      .meta({ description: 'How often an alert fired again while it was waited whether all is over.' }),
    acknowledged_by: z.string().nullable(),
    silent_until: time.nullable(),
    merged_into_incident_id: z.guid().nullable(),
    replays: z.array(z.object({ replay_id: z.guid(), is_published: z.boolean() })),
    entries_unrecorded: z.int().min(0).meta({ description: 'Lines of the timeline that wait for PostgreSQL.' }),
  })
  .meta({ title: 'LiveIncident', description: 'Null when it has ended, or when Temporal does not answer.' });

export const incidentViewSchema = z
  .object({
    incident: incidentSchema,
    live: live.nullable(),
    timeline: z.array(entry),
    alerts: z.array(alert),
    unavailable,
  })
  .meta({ title: 'IncidentView' });

export type CommandAnswer = z.infer<typeof commandAnswerSchema>;
export type IncidentList = z.infer<typeof incidentListSchema>;
export type IncidentView = z.infer<typeof incidentViewSchema>;
/** An incident as it is answered: times are texts. */
export type ShownIncident = IncidentView['incident'];
/** A line of the timeline as it is answered. */
export type ShownEntry = IncidentView['timeline'][number];

/** Errors that are told as they are. */
const TOLD = ['incident_unknown', 'incident_refused', 'link_invalid', 'alert_invalid'] as const;

/** Errors after which the same request may succeed, in words for whoever asked. */
const AWAY: Partial<Record<ErrorCode, string>> = {
  temporal_unavailable: 'Temporal does not answer: nothing was accepted; send it again',
  postgres_unavailable: 'PostgreSQL does not answer; ask again',
};

/** What an error of the platform says to whoever asked; undefined for one that is nobody's business. */
export function refusalOfError({ code, message }: UnmogrowpError): Refusal | undefined {
  const told = TOLD.find((one) => one === code);
  if (told !== undefined) return { code: told, message };
  const away = AWAY[code];
  return away === undefined ? undefined : { code: 'unavailable', message: away };
}
