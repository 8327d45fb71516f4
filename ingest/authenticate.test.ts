import { expect, it } from 'vitest';
import type { WriteKeyOwner } from '../postgres/write-keys.ts';
import { createAuthenticator } from './authenticate.ts';

const OWNER: WriteKeyOwner = {
  tenant_id: 'acme',
  user_key_secret: Buffer.alloc(32),
  events_per_second_max: 1,
  identity_priority: ['user_id'],
  revoked_at: null,
};
const DAY_MS = 86_400_000;

it('a revoked write key is refused at once, and not a day later, when the clock was set back by a day', async () => {
  const control: { nowMs: number; owner: WriteKeyOwner | undefined } = { nowMs: 10 * DAY_MS, owner: OWNER };
  const authenticate = createAuthenticator({
    keyCacheMs: 5_000,
    nowMs: () => control.nowMs,
    findOwner: () => Promise.resolve(control.owner),
  });
  const check = async () => (await authenticate(`Bearer umg_${'k'.repeat(32)}`)).refusal?.code;
  expect(await check()).toBeUndefined();
  control.owner = undefined;
  control.nowMs -= DAY_MS;
  expect(await check()).toBe('key_unknown');
});
