import { v7 as uuidv7 } from 'uuid';
import { type UnmogrowpError, toUnmogrowpError } from '../errors.ts';
import type { RejectionCode, RequestCode } from '../events/codes.ts';
import { type Answer, type AnswerStatus, type Refusal, acceptedAnswer, refusedAnswer } from './answers.ts';
import type { Authentication, Tenant } from './authenticate.ts';
import { type EventAgeCounts, NO_EVENT_AGES, countEventAges } from './event-ages.ts';
import { judgeEvents } from './judge-events.ts';
import { REQUEST_LIMITS } from './limits.ts';
import type { Published } from './publish-records.ts';
import type { RateLimiter } from './rate-limit.ts';
import type { BodyLimits, BodyResult } from './read-body.ts';
import { type BodyFormat, type EventEntry, bodyFormat, inflateBody, isGzip, readEvents } from './read-events.ts';
import { type EventRecord, packRecords } from './records.ts';
import { type RequestTracing, inRequestSpan } from './telemetry.ts';
import type { TraceContext } from './trace-context.ts';

export interface EventsDependencies {
  authenticate: (authorization: string | undefined) => Promise<Authentication> | Authentication;
  rateLimiter: RateLimiter;
  publish: (records: readonly EventRecord[], receivedAt: number) => Promise<Published>;
  /** Partitions of the events topic. */
  partitions: number;
  bodyTimeoutMs: number;
  nowMs?: () => number;
  /** Which requests are recorded, and how; none by default. */
  tracing?: RequestTracing;
  onRequest?: (facts: RequestFacts) => void;
  /** Told about what should never happen; the client is told to send the request again. */
  onError?: (error: UnmogrowpError) => void;
}

/** A request with events, whatever server it came to. */
export interface EventsRequest {
  /** A header by its name in lower case. */
  header(name: string): string | undefined;
  readBody(limits: BodyLimits): Promise<BodyResult>;
}

/** Takes the events of one request, or says why not. */
export type TakeEvents = (request: EventsRequest) => Promise<Answer>;

/** What one request came to, for metrics and logs. */
export interface RequestFacts {
  status: AnswerStatus;
  code: RequestCode | undefined;
  tenantId: string | undefined;
  receivedAt: number;
  /** How many were sent, as far as the request was read. */
  events: number;
  accepted: number;
  ages: EventAgeCounts;
  rejectedCodes: readonly RejectionCode[];
  destination: 'kafka' | 'spool' | undefined;
  bytes: number;
  seconds: number;
  traceId: string;
  /** Whether this process records the trace. */
  isRecorded: boolean;
}

/** A request on its way through the steps. */
interface RequestState {
  request: EventsRequest;
  trace: TraceContext;
  receivedAt: number;
  facts: RequestFacts;
}

export const UNAVAILABLE: Refusal = {
  code: 'unavailable',
  message: 'the events could not be stored; send the same request again',
  retryAfterSeconds: 1,
};
const BUSY: Refusal = { ...UNAVAILABLE, message: 'too many requests are in flight; send the same request again' };

/** Makes the function that takes the events of a request: the same for every server. Everything it touches is given to it. */
export function createTakeEvents(dependencies: EventsDependencies): TakeEvents {
  const { nowMs = Date.now, tracing = NOT_TRACED } = dependencies;
  const runSteps = createSteps(dependencies);

  return function takeEvents(request) {
    const headers = { traceparent: request.header('traceparent'), tracestate: request.header('tracestate') };
    return inRequestSpan(headers, tracing, async (trace, describe) => {
      const started = performance.now();
      const receivedAt = nowMs();
      const facts = emptyFacts(trace.traceId, receivedAt, describe !== undefined);
      const state: RequestState = { request, trace, receivedAt, facts };
      const answer = await runSteps(state).catch((error: unknown) => {
        dependencies.onError?.(toUnmogrowpError(error));
        return refuse(state, UNAVAILABLE);
      });
      facts.status = answer.status;
      facts.seconds = (performance.now() - started) / 1_000;
      describe?.(facts);
      dependencies.onRequest?.(facts);
      return answer;
    });
  };
}

const NOT_TRACED: RequestTracing = { isTraced: () => false };

const emptyFacts = (traceId: string, receivedAt: number, isRecorded: boolean): RequestFacts => ({
  status: 503,
  code: undefined,
  tenantId: undefined,
  receivedAt,
  events: 0,
  accepted: 0,
  ages: NO_EVENT_AGES,
  rejectedCodes: [],
  destination: undefined,
  bytes: 0,
  seconds: 0,
  traceId,
  isRecorded,
});

function createSteps(dependencies: EventsDependencies): (state: RequestState) => Promise<Answer> {
  let bytesInFlight = 0;

  async function runSteps(state: RequestState): Promise<Answer> {
    const { request } = state;
    const authentication = dependencies.authenticate(request.header('authorization'));
    const { tenant, refusal } = authentication instanceof Promise ? await authentication : authentication;
    if (tenant === undefined) return refuse(state, refusal);
    state.facts.tenantId = tenant.owner.tenant_id;
    const format = bodyFormat(request.header('content-type'));
    if (typeof format !== 'string') return refuse(state, format);
    const gzipped = isGzip(request.header('content-encoding'));
    if (typeof gzipped !== 'boolean') return refuse(state, gzipped);
    return withinMemory(state, () => readAndPublish(state, tenant, format, gzipped));
  }

  /** Counts a body before it is read, by its announced length or else by the most that it may have. */
  async function withinMemory(state: RequestState, work: () => Promise<Answer>): Promise<Answer> {
    const announced = state.request.header('content-length');
    const bytes =
      announced === undefined
        ? REQUEST_LIMITS.bodyBytesMax
        : Math.min(Number(announced) || 0, REQUEST_LIMITS.bodyBytesMax);
    if (bytesInFlight + bytes > REQUEST_LIMITS.bytesInFlightMax) return refuse(state, BUSY);
    bytesInFlight += bytes;
    try {
      return await work();
    } finally {
      bytesInFlight -= bytes;
    }
  }

  async function readAndPublish(
    state: RequestState,
    tenant: Tenant,
    format: BodyFormat,
    gzipped: boolean,
  ): Promise<Answer> {
    const limits = { bytesMax: REQUEST_LIMITS.bodyBytesMax, timeoutMs: dependencies.bodyTimeoutMs };
    const body = await state.request.readBody(limits);
    if (body.bytes === undefined) return refuse(state, body.refusal);
    state.facts.bytes = body.bytes.length;
    const bytes = gzipped ? await inflateBody(body.bytes) : body.bytes;
    if (!(bytes instanceof Uint8Array)) return refuse(state, bytes);
    const { entries, refusal } = readEvents(bytes, format);
    if (entries === undefined) return refuse(state, refusal);
    state.facts.events = entries.length;
    const { tenant_id: tenantId, events_per_second_max: rate } = tenant.owner;
    const waitSeconds = dependencies.rateLimiter.take(tenantId, entries.length, rate);
    if (waitSeconds > 0) return refuse(state, rateLimited(rate, waitSeconds));
    return publishEvents(state, tenant, entries);
  }

  async function publishEvents(state: RequestState, tenant: Tenant, entries: EventEntry[]): Promise<Answer> {
    const { trace, receivedAt, facts } = state;
    const tenantId = tenant.owner.tenant_id;
    const { rows, rejected, assigned } = judgeEvents(entries, {
      tenantId,
      receivedAt,
      traceId: trace.traceId,
      identityPriority: tenant.owner.identity_priority,
      userKeyOf: tenant.userKeyOf,
      newEventId: () => uuidv7(),
    });
    facts.rejectedCodes = rejected.map(({ code }) => code);
    if (rows.length === 0) {
      facts.code = NO_USABLE_EVENT.code;
      return refusedAnswer(NO_USABLE_EVENT, trace.traceId, rejected);
    }
    const records = packRecords(rows, dependencies.partitions, { tenantId, traceparent: trace.traceparent });
    const published = await dependencies.publish(records, receivedAt);
    if (published.to === undefined) return refuse(state, UNAVAILABLE);
    facts.accepted = rows.length;
    facts.ages = countEventAges(rows, receivedAt);
    facts.destination = published.to;
    return acceptedAnswer(rows.length, rejected, assigned, trace.traceId);
  }

  return runSteps;
}

const NO_USABLE_EVENT: Refusal = { code: 'no_usable_event', message: 'no event of the request can be used' };

const rateLimited = (eventsPerSecondMax: number, retryAfterSeconds: number): Refusal => ({
  code: 'rate_limited',
  message: `the tenant may send ${eventsPerSecondMax} events a second`,
  retryAfterSeconds,
});

function refuse(state: RequestState, refusal: Refusal): Answer {
  state.facts.code = refusal.code;
  return refusedAnswer(refusal, state.trace.traceId);
}
