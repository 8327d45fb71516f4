import { setTimeout as wait } from 'node:timers/promises';
import type { GeneratedEvent } from '../../events/generator-journey.ts';
import type { Random } from '../../events/generator-random.ts';

const EVENTS_PER_REQUEST = 25;
const LANES = 4;
/** Kept for the time after the fault, so that something is always under way while it lasts. */
const KEPT_SHARE = 0.1;
const RETRY_MS = 200;
/** A client that waits longer gives up and sends the same request again. */
const ANSWER_MS_MAX = 8_000;

/** A client that sends steadily, and writes down what was answered as accepted. */
export interface Client {
  /** Ids of all events that were answered as accepted: nothing of them may be lost. */
  readonly acknowledged: ReadonlySet<string>;
  readonly counts: ClientCounts;
  /** Sends what was kept for the end; resolves when everything has been acknowledged. */
  finish(): Promise<void>;
  stop(): void;
}

/** What the client has met. */
export interface ClientCounts {
  requests: number;
  /** Requests that were sent again because no answer said that they were accepted. */
  repeated: number;
  /** Events that were sent again though they had been acknowledged. */
  again: number;
  /** What must not be: answers that no good event gets. */
  refusals: string[];
}

export interface ClientOptions {
  readonly url: string;
  readonly writeKey: string;
  readonly events: readonly GeneratedEvent[];
  /** Every event is sent so often at most, each time in another request, in random order. */
  readonly copiesMax: number;
  /** 0 for as fast as answers come. */
  readonly requestsPerSecond: number;
  readonly random: Random;
}

/** Begins to send. */
export function startClient(options: ClientOptions): Client {
  const requests = requestsOf(options);
  const acknowledged = new Set<string>();
  const counts: ClientCounts = { requests: 0, repeated: 0, again: 0, refusals: [] };
  const kept = options.requestsPerSecond === 0 ? 0 : Math.ceil(requests.length * KEPT_SHARE);
  const stopping = new AbortController();
  const { signal } = stopping;
  let next = 0;
  let isFinishing = options.requestsPerSecond === 0;
  let slotAt = performance.now();

  /** The next request, or one that was acknowledged before while the rest is kept. */
  function take(): { request: readonly GeneratedEvent[]; isNew: boolean } | undefined {
    if (isFinishing || next < requests.length - kept) {
      const request = requests[next];
      next += 1;
      return request === undefined ? undefined : { request, isNew: true };
    }
    return { request: options.random.pick(requests.slice(0, next)), isNew: false };
  }

  async function lane(): Promise<void> {
    while (!signal.aborted) {
      await pace();
      const taken = take();
      if (taken === undefined) return;
      await untilAcknowledged(taken.request, taken.isNew);
    }
  }

  async function pace(): Promise<void> {
    // In the end only how fast everything recovers counts, not how long the client takes.
    if (isFinishing) return;
    slotAt = Math.max(slotAt + 1_000 / options.requestsPerSecond, performance.now());
    await wait(Math.max(0, slotAt - performance.now()));
  }

  async function untilAcknowledged(request: readonly GeneratedEvent[], isNew: boolean): Promise<void> {
    const body = JSON.stringify({ events: request });
    for (let attempt = 1; !signal.aborted; attempt += 1) {
      counts.requests += 1;
      if (attempt > 1) counts.repeated += 1;
      const answer = await post(options, body);
      if (answer.kind === 'refused') counts.refusals.push(answer.text);
      if (answer.kind !== 'later') {
        if (answer.kind === 'accepted') for (const { event_id: id } of request) acknowledged.add(id);
        if (!isNew) counts.again += request.length;
        return;
      }
      // What was acknowledged already needs no patience.
      if (!isNew && isFinishing) return;
      await wait(RETRY_MS);
    }
  }

  const lanes = Promise.all(Array.from({ length: LANES }, lane));
  return {
    acknowledged,
    counts,
    async finish() {
      isFinishing = true;
      await lanes;
    },
    stop: () => stopping.abort(),
  };
}

/** All copies of all events, packed into requests; no request holds an event twice. */
function requestsOf({ events, copiesMax, random }: ClientOptions): GeneratedEvent[][] {
  if (copiesMax === 1) return chunk(events, EVENTS_PER_REQUEST);
  const copies = events.flatMap((event) => Array.from({ length: random.whole(1, copiesMax) }, () => event));
  for (let index = copies.length - 1; index > 0; index -= 1) {
    const other = random.whole(0, index);
    [copies[index], copies[other]] = [copies[other] as GeneratedEvent, copies[index] as GeneratedEvent];
  }
  return chunk(copies, EVENTS_PER_REQUEST).flatMap((request) => {
    const once = [...new Set(request)];
    const twice = request.filter((event, index) => request.indexOf(event) !== index);
    return twice.length === 0 ? [once] : [once, ...twice.map((event) => [event])];
  });
}

const chunk = <Item>(items: readonly Item[], size: number): Item[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, index) => items.slice(index * size, (index + 1) * size));

type Answer = { kind: 'accepted' | 'later' } | { kind: 'refused'; text: string };

async function post({ url, writeKey }: ClientOptions, body: string): Promise<Answer> {
  try {
    const response = await fetch(`${url}/v1/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${writeKey}` },
      body,
      signal: AbortSignal.timeout(ANSWER_MS_MAX),
    });
    const text = await response.text();
    if (response.status === 202) return { kind: 'accepted' };
    if (response.status === 503 || response.status === 429) return { kind: 'later' };
    return { kind: 'refused', text: `${response.status} ${text.slice(0, 200)}` };
  } catch {
    return { kind: 'later' };
  }
}
