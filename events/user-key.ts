import { hash } from 'node:crypto';
import { IDENTIFIER_TYPES, type IdentifierType } from './row.ts';

const BLOCK_BYTES = 64;
const DIGEST_BYTES = 32;
/** Longest identifier in UTF-8, with its type and the separator. */
const MESSAGE_BYTES_MAX = 2_048;

export type UserKeyOf = (type: IdentifierType, value: string) => string;

/** Remembers user keys for as long as its bounds allow. Shared by the tenants of a process, whose scopes keep them apart. */
export interface UserKeyCache {
  get(scope: string, value: string): string | undefined;
  set(scope: string, value: string, userKey: string): void;
}

/**
 * Makes the function that turns an identifier into the user key: the first 16 bytes of
 * HMAC-SHA-256(secret, type NUL value) as UUID text. HMAC is written out as its two hashes because two one-shot hashes
 * take a tenth of the time of `createHmac`, which dominated the cost of an event; a test compares the two.
 */
export function createUserKeyOf(secret: Uint8Array, options?: { cache: UserKeyCache; scope: string }): UserKeyOf {
  if (secret.length > BLOCK_BYTES) throw new RangeError(`The secret may have at most ${BLOCK_BYTES} bytes`);
  const inner = Buffer.alloc(BLOCK_BYTES + MESSAGE_BYTES_MAX);
  const outer = Buffer.alloc(BLOCK_BYTES + DIGEST_BYTES);
  inner.fill(0x36, 0, BLOCK_BYTES);
  outer.fill(0x5c, 0, BLOCK_BYTES);
  secret.forEach((byte, index) => {
    inner[index] = byte ^ 0x36;
    outer[index] = byte ^ 0x5c;
  });

  function compute(message: string): string {
    if (message.length * 3 > MESSAGE_BYTES_MAX) throw new RangeError('The identifier is longer than its limit');
    const end = BLOCK_BYTES + inner.write(message, BLOCK_BYTES);
    outer.write(hash('sha256', inner.subarray(0, end), 'binary'), BLOCK_BYTES, 'binary');
    return toUuidText(hash('sha256', outer, 'hex'));
  }

  if (options === undefined) return (type, value) => compute(`${type}\0${value}`);
  const { cache, scope } = options;
  const scopes = Object.fromEntries(IDENTIFIER_TYPES.map((type) => [type, `${scope}\0${type}`]));
  return function userKeyOf(type, value) {
    const place = scopes[type] as string;
    const known = cache.get(place, value);
    if (known !== undefined) return known;
    const userKey = compute(`${type}\0${value}`);
    cache.set(place, value, userKey);
    return userKey;
  };
}

/**
 * A cache of two generations: when the younger one is full it becomes the older one, and what the older one held is
 * forgotten unless it was asked for since. Costs one or two look-ups, where a list in order of use would cost more than
 * computing the key again. Values of one scope have a map of their own: to look up a text that was just put together
 * costs as much again.
 */
export function createUserKeyCache(keysMax: number): UserKeyCache {
  let younger = new Map<string, Map<string, string>>();
  let older = new Map<string, Map<string, string>>();
  let youngerKeys = 0;
  const set = (scope: string, value: string, userKey: string): void => {
    if (youngerKeys >= keysMax / 2) {
      older = younger;
      younger = new Map();
      youngerKeys = 0;
    }
    let values = younger.get(scope);
    if (values === undefined) younger.set(scope, (values = new Map()));
    values.set(value, userKey);
    youngerKeys += 1;
  };
  return {
    get(scope, value) {
      const userKey = younger.get(scope)?.get(value);
      if (userKey !== undefined) return userKey;
      const aged = older.get(scope)?.get(value);
      if (aged !== undefined) set(scope, value, aged);
      return aged;
    },
    set,
  };
}

function toUuidText(hexadecimal: string): string {
  const part = (start: number, end: number) => hexadecimal.slice(start, end);
  return `${part(0, 8)}-${part(8, 12)}-${part(12, 16)}-${part(16, 20)}-${part(20, 32)}`;
}
