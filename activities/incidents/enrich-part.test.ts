import { describe, expect, it } from 'vitest';
import { UnmogrowpError } from '../../errors.ts';
import { gather } from './enrich-part.ts';

describe('a part of a page', () => {
  it('is what was found', async () => {
    expect(await gather(1_000, () => Promise.resolve([1]), neverCalled)).toEqual({ state: 'found', value: [1] });
  });

  it('is a reason when what was asked is away, and somebody is told', async () => {
    const told: unknown[] = [];
    const away = new UnmogrowpError('loki_unavailable', 'Loki does not answer:\nconnect ECONNREFUSED');
    const part = await gather(
      1_000,
      () => Promise.reject(away),
      (thrown) => void told.push(thrown),
    );
    expect(part).toEqual({
      state: 'unavailable',
      reason: 'Loki does not answer: connect ECONNREFUSED (loki_unavailable)',
    });
    expect(told).toEqual([away]);
  });

  it('that is not set up here is a reason, and nothing to tell anybody', async () => {
    const unset = new UnmogrowpError('configuration_invalid', 'LOKI_URL is not set');
    expect(await gather(1_000, () => Promise.reject(unset), neverCalled)).toEqual({
      state: 'unavailable',
      reason: 'LOKI_URL is not set (configuration_invalid)',
    });
  });

  it('is a reason when there is no answer in time, though the client knows no signal', async () => {
    const hanging = new Promise<never>(() => setTimeout(() => undefined, 100));
    const begunAt = performance.now();
    const part = await gather(
      50,
      () => hanging,
      () => undefined,
    );
    expect(part).toEqual({ state: 'unavailable', reason: 'no answer within 0.05 s' });
    expect(performance.now() - begunAt).toBeLessThan(2_000);
  });
});

function neverCalled(): void {
  throw new Error('nothing went wrong');
}
