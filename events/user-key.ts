import { hash } from 'node:crypto';
import type { IdentifierType } from './row.ts';

const BLOCK_BYTES = 64;
const DIGEST_BYTES = 32;
/** Longest identifier in UTF-8, with its type and the separator. */
const MESSAGE_BYTES_MAX = 2_048;

export type UserKeyOf = (type: IdentifierType, value: string) => string;

/**
 * Makes the function that turns an identifier into the user key: the first 16 bytes of
 * HMAC-SHA-256(secret, type NUL value) as UUID text. HMAC is written out as its two hashes because two one-shot hashes
 * take a tenth of the time of `createHmac`, which dominated the cost of an event; a test compares the two.
 */
export function createUserKeyOf(secret: Uint8Array): UserKeyOf {
  if (secret.length > BLOCK_BYTES) throw new RangeError(`The secret may have at most ${BLOCK_BYTES} bytes`);
  const inner = Buffer.alloc(BLOCK_BYTES + MESSAGE_BYTES_MAX);
  const outer = Buffer.alloc(BLOCK_BYTES + DIGEST_BYTES);
  inner.fill(0x36, 0, BLOCK_BYTES);
  outer.fill(0x5c, 0, BLOCK_BYTES);
  secret.forEach((byte, index) => {
    inner[index] = byte ^ 0x36;
    outer[index] = byte ^ 0x5c;
  });
  let lastMessage = '';
  let lastKey = '';
  return function userKeyOf(type, value) {
    const message = `${type}\0${value}`;
    // An app sends the events of one user together.
    if (message === lastMessage) return lastKey;
    if (message.length * 3 > MESSAGE_BYTES_MAX) throw new RangeError('The identifier is longer than its limit');
    const end = BLOCK_BYTES + inner.write(message, BLOCK_BYTES);
    outer.write(hash('sha256', inner.subarray(0, end), 'binary'), BLOCK_BYTES, 'binary');
    lastMessage = message;
    lastKey = toUuidText(hash('sha256', outer, 'hex'));
    return lastKey;
  };
}

function toUuidText(hexadecimal: string): string {
  const part = (start: number, end: number) => hexadecimal.slice(start, end);
  return `${part(0, 8)}-${part(8, 12)}-${part(12, 16)}-${part(16, 20)}-${part(20, 32)}`;
}
