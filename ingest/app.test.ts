import { describe, expect, it } from 'vitest';
import type { UnmogrowpError } from '../errors.ts';
import { createIngestApp } from './app.ts';
import { type RequestFacts, createTakeEvents } from './take-events.ts';

describe('a request that a bug stops', () => {
  it('is answered with 503 and its trace, told as a bug, and counted like every other', async () => {
    const facts: RequestFacts[] = [];
    const errors: UnmogrowpError[] = [];
    const takeEvents = createTakeEvents({
      authenticate: () => {
        throw new TypeError('nobody thought of this');
      },
      rateLimiter: { take: () => 0 },
      publish: () => Promise.resolve({ to: 'kafka' }),
      partitions: 1,
      bodyTimeoutMs: 1_000,
      onRequest: (request) => void facts.push(request),
      onError: (error) => void errors.push(error),
    });
    const app = createIngestApp({ takeEvents, readiness: () => Promise.resolve({ ready: true }) });
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    const headers = { traceparent: `00-${traceId}-b7ad6b7169203331-01` };
    const answer = await app.request('/v1/events', { method: 'POST', headers });
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({ code: 'unavailable', trace_id: traceId });
    expect(errors.map(({ code }) => code)).toEqual(['bug']);
    expect(facts).toMatchObject([{ status: 503, code: 'unavailable', traceId, accepted: 0 }]);
  });
});
