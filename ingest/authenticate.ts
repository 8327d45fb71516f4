import type { WriteKeyOwner } from '../postgres/write-keys.ts';
import { type UserKeyCache, type UserKeyOf, createUserKeyCache, createUserKeyOf } from '../events/user-key.ts';
import type { Refusal } from './answers.ts';

/** A revoked key must be refused everywhere within this time; nothing is believed for longer, not even in an outage. */
const KEY_TRUST_MS_MAX = 10_000;
/** Short, so that a key works soon after it was made; long enough that a flood of one wrong key is cheap. */
const UNKNOWN_KEY_CACHE_MS = 1_000;
/** Bounds the memory that a flood of different keys can take. */
const CACHED_KEYS_MAX = 10_000;

/** An active user sends many events: their keys are kept, in some 10 MB for all tenants together. */
const USER_KEYS_CACHED_MAX = 65_536;

export interface Tenant {
  owner: WriteKeyOwner;
  userKeyOf: UserKeyOf;
}

export type Authentication = { tenant: Tenant; refusal?: undefined } | { tenant?: undefined; refusal: Refusal };

export interface AuthenticatorOptions {
  findOwner: (writeKey: string) => Promise<WriteKeyOwner | undefined>;
  /** How long a known key is believed without asking again. */
  keyCacheMs: number;
  nowMs: () => number;
  onLookupFailed?: (error: unknown) => void;
}

interface CachedKey {
  tenant: Tenant | undefined;
  askedAtMs: number;
}

const BEARER = /^Bearer +(\S+)$/i;
const WRITE_KEY = /^umg_[\w-]{32}$/;

const KEY_MISSING: Refusal = { code: 'key_missing', message: 'send Authorization: Bearer <write key>' };
const KEY_UNKNOWN: Refusal = { code: 'key_unknown', message: 'the write key is not known or was revoked' };
const KEYS_UNAVAILABLE: Refusal = {
  code: 'unavailable',
  message: 'write keys cannot be checked now; send the request again',
  retryAfterSeconds: 1,
};

/**
 * Makes the function that leads from an Authorization header to its tenant.
 *
 * Keys are cached: a known key is believed for `keyCacheMs`, then asked for again beside the requests that use it, and
 * never believed for more than 10 s. So a short outage of Postgres is not noticed by clients with a known key, and a
 * revocation still takes effect in time. A key that cannot be checked is answered with 503, never with 401: a client
 * drops its events on 401 and sends them again on 503.
 */
export function createAuthenticator(
  options: AuthenticatorOptions,
): (authorization: string | undefined) => Promise<Authentication> | Authentication {
  const cache = new Map<string, CachedKey>();
  const asking = new Map<string, Promise<CachedKey>>();
  const userKeys = createUserKeyCache(USER_KEYS_CACHED_MAX);

  function ask(writeKey: string): Promise<CachedKey> {
    const pending = asking.get(writeKey);
    if (pending !== undefined) return pending;
    const askedAtMs = options.nowMs();
    const answer = options
      .findOwner(writeKey)
      .then((owner) => {
        const tenant = owner && { owner, userKeyOf: userKeyOfOwner(owner, cache.get(writeKey)?.tenant, userKeys) };
        return remember(writeKey, { tenant, askedAtMs });
      })
      .finally(() => asking.delete(writeKey));
    asking.set(writeKey, answer);
    return answer;
  }

  function remember(writeKey: string, entry: CachedKey): CachedKey {
    cache.delete(writeKey);
    cache.set(writeKey, entry);
    const oldest = cache.size > CACHED_KEYS_MAX ? cache.keys().next() : undefined;
    if (oldest?.value !== undefined) cache.delete(oldest.value);
    return entry;
  }

  function judge(entry: CachedKey): Authentication {
    const { tenant } = entry;
    const isRevoked = tenant?.owner.revoked_at && tenant.owner.revoked_at.getTime() <= options.nowMs();
    return tenant === undefined || isRevoked ? { refusal: KEY_UNKNOWN } : { tenant };
  }

  async function askAndJudge(writeKey: string): Promise<Authentication> {
    try {
      return judge(await ask(writeKey));
    } catch (error) {
      options.onLookupFailed?.(error);
      return { refusal: KEYS_UNAVAILABLE };
    }
  }

  return function authenticate(authorization) {
    const writeKey = BEARER.exec(authorization ?? '')?.[1];
    if (writeKey === undefined) return { refusal: KEY_MISSING };
    // What does not look like a key cannot be one: no need to ask Postgres.
    if (!WRITE_KEY.test(writeKey)) return { refusal: KEY_UNKNOWN };
    const cached = cache.get(writeKey);
    if (cached === undefined) return askAndJudge(writeKey);
    const ageMs = ageOf(cached, options.nowMs());
    if (ageMs < (cached.tenant === undefined ? UNKNOWN_KEY_CACHE_MS : options.keyCacheMs)) return judge(cached);
    if (cached.tenant === undefined || ageMs >= KEY_TRUST_MS_MAX) return askAndJudge(writeKey);
    ask(writeKey).catch((error: unknown) => options.onLookupFailed?.(error));
    return judge(cached);
  };
}

/** A clock that was set back does not say how old an answer is: it must not be believed for the whole step. */
function ageOf({ askedAtMs }: CachedKey, nowMs: number): number {
  return nowMs < askedAtMs ? Number.POSITIVE_INFINITY : nowMs - askedAtMs;
}

/** The key function holds prepared buffers: the one that exists is kept, since a tenant's secret never changes. */
function userKeyOfOwner(owner: WriteKeyOwner, before: Tenant | undefined, cache: UserKeyCache): UserKeyOf {
  if (before?.owner.tenant_id === owner.tenant_id) return before.userKeyOf;
  return createUserKeyOf(owner.user_key_secret, { cache, scope: owner.tenant_id });
}
