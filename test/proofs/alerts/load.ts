import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { generateArrivals } from '../../../events/generator.ts';
import { FIELD_LATENESS } from '../../../events/generator-lateness.ts';
import { createTenant } from '../../../postgres/tenants.ts';
import { DAY_MS } from '../../faults/events.ts';
import type { Pipeline } from '../pipeline.ts';

const EVENTS_PER_REQUEST = 25;
/** Many: a broker that hangs lets each request wait for seconds. */
const LANES = 32;
const ANSWER_MS_MAX = 8_000;
const KINDS = 5_000;

/** A client whose events happen at the moment at which they are sent. */
export interface FreshLoad {
  readonly tenantId: string;
  /** Begins again, or changes how old events are: 0 for those of this moment, less than 0 for those from the future. */
  go(ageMs?: number): void;
  pause(): void;
  stop(): Promise<void>;
}

interface FreshLoadOptions {
  readonly url: string;
  readonly tenantId: string;
  readonly writeKey: string;
  readonly requestsPerSecond: number;
  readonly seed: number;
}

/** Sends steadily until it is stopped; what is refused or not answered is given up, as careless clients do. */
function startFreshLoad(options: FreshLoadOptions): FreshLoad {
  const { url, tenantId, writeKey, requestsPerSecond, seed } = options;
  const kinds = generateArrivals({ seed, dayStartMs: DAY_MS, events: KINDS, lateness: FIELD_LATENESS });
  let ageMs: number | undefined = 0;
  let isStopped = false;
  let sent = 0;
  let slotAt = performance.now();

  function nextRequest(): string {
    const events = Array.from({ length: EVENTS_PER_REQUEST }, () => {
      sent += 1;
      const { event } = kinds[sent % kinds.length] ?? { event: {} };
      return { ...event, event_id: randomUUID(), occurred_at: Date.now() - (ageMs ?? 0) };
    });
    return JSON.stringify({ events });
  }

  async function lane(): Promise<void> {
    while (!isStopped) {
      slotAt = Math.max(slotAt + 1_000 / requestsPerSecond, performance.now());
      await wait(Math.max(0, slotAt - performance.now()));
      if (ageMs === undefined) continue;
      await fetch(`${url}/v1/events`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${writeKey}` },
        body: nextRequest(),
        signal: AbortSignal.timeout(ANSWER_MS_MAX),
      }).then(
        (response) => response.arrayBuffer(),
        () => undefined,
      );
    }
  }

  const lanes = Promise.all(Array.from({ length: LANES }, lane));
  return {
    tenantId,
    go(age = 0) {
      ageMs = age;
    },
    pause() {
      ageMs = undefined;
    },
    async stop() {
      isStopped = true;
      await lanes;
    },
  };
}

/** The same for a tenant of its own, called `load`. */
export async function startLoadOf(
  { stage }: Pick<Pipeline, 'stage'>,
  options: Pick<FreshLoadOptions, 'requestsPerSecond' | 'seed'>,
): Promise<FreshLoad> {
  const tenantId = 'load';
  const { write_key: writeKey } = await createTenant(stage.postgres, { tenantId });
  return startFreshLoad({ url: stage.ingestUrl, tenantId, writeKey, ...options });
}
