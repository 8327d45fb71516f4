import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasReached, isSameCutoff, isVisible, mergeCutoffs, recordsMissing } from './cutoff.ts';
import { partitionOf } from './partition.ts';
import { createUserKeyCache, createUserKeyOf } from './user-key.ts';

describe('user keys', () => {
  it('are HMAC-SHA-256 as everybody else computes it', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 16, maxLength: 64 }),
        fc.string({ unit: 'grapheme', maxLength: 80 }),
        (secret, value) => {
          const expected = createHmac('sha256', secret).update(`user_id\0${value}`).digest('hex').slice(0, 32);
          expect(createUserKeyOf(secret)('user_id', value).replaceAll('-', '')).toBe(expected);
        },
      ),
    );
    const longest = '😀'.repeat(256);
    const expected = createHmac('sha256', Buffer.alloc(32))
      .update(`anonymous_id\0${longest}`)
      .digest('hex')
      .slice(0, 32);
    expect(createUserKeyOf(Buffer.alloc(32))('anonymous_id', longest).replaceAll('-', '')).toBe(expected);
  });

  it('differ between tenants and between kinds of identifier', () => {
    const first = createUserKeyOf(Buffer.alloc(32, 1));
    const second = createUserKeyOf(Buffer.alloc(32, 2));
    expect(new Set([first('idfa', 'x'), first('gaid', 'x'), second('idfa', 'x')]).size).toBe(3);
  });
});

describe('remembered user keys', () => {
  it('are the same as computed ones, and never those of another tenant, with however little room', () => {
    const identifiers = fc.array(fc.tuple(fc.constantFrom('acme', 'beta'), fc.constantFrom('a', 'b', 'c', 'd', 'e')));
    fc.assert(
      fc.property(identifiers, fc.integer({ min: 1, max: 6 }), (sent, keysMax) => {
        const cache = createUserKeyCache(keysMax);
        const secrets = { acme: Buffer.alloc(32, 1), beta: Buffer.alloc(32, 2) };
        const remembering = {
          acme: createUserKeyOf(secrets.acme, { cache, scope: 'acme' }),
          beta: createUserKeyOf(secrets.beta, { cache, scope: 'beta' }),
        };
        for (const [tenant, value] of sent) {
          expect(remembering[tenant]('user_id', value)).toBe(createUserKeyOf(secrets[tenant])('user_id', value));
        }
      }),
    );
  });

  it('are forgotten in the end, but not while they are asked for', () => {
    const cache = createUserKeyCache(4);
    cache.set('acme', 'active', 'key');
    for (let index = 0; index < 100; index += 1) {
      cache.set('acme', `passing ${index}`, 'key');
      expect(cache.get('acme', 'active')).toBe('key');
    }
    expect(cache.get('acme', 'passing 1')).toBeUndefined();
    expect(cache.get('beta', 'active')).toBeUndefined();
  });
});

describe('partitions', () => {
  it('never move, or the order of a user would break', () => {
    const user = '6d92078a-8246-4ba4-ae5b-76104861e7dc';
    expect(['a', 'b', 'c', 'd'].map((tenant) => partitionOf(tenant, 'shop', user, 8))).toEqual([2, 3, 5, 3]);
  });

  it('share users evenly', () => {
    const userKeyOf = createUserKeyOf(Buffer.alloc(32, 3));
    const counts = Array.from({ length: 8 }, () => 0);
    for (let user = 0; user < 8_000; user += 1) {
      const partition = partitionOf('acme', 'shop', userKeyOf('user_id', `user-${user}`), 8);
      counts[partition] = (counts[partition] ?? 0) + 1;
    }
    expect(Math.min(...counts)).toBeGreaterThan(850);
    expect(Math.max(...counts)).toBeLessThan(1_150);
  });
});

describe('a cut-off', () => {
  it('sees the offsets before it, and nothing of partitions it does not know', () => {
    const cutoff = { events: [10, 0] };
    expect(isVisible(cutoff, 'events', 0, 9)).toBe(true);
    expect(isVisible(cutoff, 'events', 0, 10)).toBe(false);
    expect(isVisible(cutoff, 'events', 2, 0)).toBe(false);
    expect(isVisible(cutoff, 'other', 0, 0)).toBe(false);
  });

  it('is reached when no partition lags, and merged to the one that sees all', () => {
    expect(recordsMissing({ events: [7, 5] }, { events: [10, 4, 1] })).toBe(4);
    expect(hasReached({ events: [10, 5] }, { events: [10, 4] })).toBe(true);
    expect(hasReached({}, { events: [0] })).toBe(true);
    const merged = mergeCutoffs({ events: [10, 1] }, { events: [4, 2, 3], other: [1] });
    expect(merged).toEqual({ events: [10, 2, 3], other: [1] });
    expect(isSameCutoff(merged, { other: [1], events: [10, 2, 3, 0] })).toBe(true);
    expect(isSameCutoff(merged, { events: [10, 2, 3] })).toBe(false);
  });
});
