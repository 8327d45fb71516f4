import { z } from 'zod';
import { REJECTION_CODES, REQUEST_CODES, type RequestCode } from '../events/codes.ts';

const rejectedEvent = z
  .object({
    index: z.int().min(0).meta({ description: 'Position in the request, from 0.' }),
    event_id: z.string().nullable().meta({ description: 'As it was sent, if it was text of at most 64 characters.' }),
    code: z.enum(REJECTION_CODES),
    message: z.string(),
  })
  .meta({ title: 'RejectedEvent' });

const assignedEventId = z
  .object({ index: z.int().min(0), event_id: z.guid() })
  .meta({ title: 'AssignedEventId', description: 'Identity of an accepted event that came without one.' });

const traceId = z
  .string()
  .regex(/^[0-9a-f]{32}$/)
  .meta({ description: 'Leads to everything that is known about this request, sampled or not.' });

/** Answer to a request whose events were judged one by one. */
export const acceptedAnswerSchema = z
  .object({
    accepted: z.int().min(0).meta({ description: 'Events that are on Kafka or on the spool, on disk.' }),
    rejected: z.array(rejectedEvent),
    assigned_event_ids: z.array(assignedEventId),
    trace_id: traceId,
  })
  .meta({ title: 'Answer' });

/** Answer to a request of which no event was taken. */
export const refusedAnswerSchema = z
  .object({
    code: z.enum(REQUEST_CODES),
    message: z.string(),
    accepted: z.literal(0),
    rejected: z.array(rejectedEvent),
    trace_id: traceId,
  })
  .meta({ title: 'Refusal' });

export type RejectedEvent = z.infer<typeof rejectedEvent>;
export type AssignedEventId = z.infer<typeof assignedEventId>;

/** The HTTP status of each reason to refuse a request. */
export const REQUEST_STATUS = {
  malformed_json: 400,
  invalid_utf8: 400,
  no_usable_event: 400,
  key_missing: 401,
  key_unknown: 401,
  body_timeout: 408,
  body_too_large: 413,
  too_many_events: 413,
  unsupported_media_type: 415,
  unsupported_encoding: 415,
  rate_limited: 429,
  unavailable: 503,
} as const satisfies Record<RequestCode, number>;

/** Every status with which a request with events is answered. */
export type AnswerStatus = 202 | 207 | (typeof REQUEST_STATUS)[RequestCode];

/** Why a whole request is refused: a value, since nothing is broken. */
export interface Refusal {
  code: RequestCode;
  message: string;
  retryAfterSeconds?: number;
  /** The rest of the request is not worth reading: the connection ends with the answer. */
  closesConnection?: boolean;
}

/** What a request is answered with, before it goes to one server or another. */
export interface Answer {
  status: AnswerStatus;
  headers: Readonly<Record<string, string>>;
  body: string;
}

const JSON_HEADERS = { 'content-type': 'application/json' } as const;

/** 202 when every event was taken, 207 when some were not. */
export function acceptedAnswer(
  accepted: number,
  rejected: readonly RejectedEvent[],
  assigned: readonly AssignedEventId[],
  trace: string,
): Answer {
  // Written out for the usual case: nothing in it needs escaping.
  const body =
    rejected.length === 0 && assigned.length === 0
      ? `{"accepted":${accepted},"rejected":[],"assigned_event_ids":[],"trace_id":"${trace}"}`
      : JSON.stringify({ accepted, rejected, assigned_event_ids: assigned, trace_id: trace });
  return { status: rejected.length === 0 ? 202 : 207, headers: JSON_HEADERS, body };
}

/** The answer to a refused request, with the time to wait where waiting helps. */
export function refusedAnswer(refusal: Refusal, trace: string, rejected: readonly RejectedEvent[] = []): Answer {
  const headers: Record<string, string> = { ...JSON_HEADERS };
  if (refusal.retryAfterSeconds !== undefined) headers['retry-after'] = String(refusal.retryAfterSeconds);
  if (refusal.closesConnection === true) headers['connection'] = 'close';
  if (REQUEST_STATUS[refusal.code] === 401) headers['www-authenticate'] = 'Bearer';
  const body = { code: refusal.code, message: refusal.message, accepted: 0, rejected, trace_id: trace };
  return { status: REQUEST_STATUS[refusal.code], headers, body: JSON.stringify(body) };
}
