import { createHash, timingSafeEqual } from 'node:crypto';

const BEARER = /^Bearer +(\S+)$/i;

/** What stands against a request, or nothing. */
export type TokenProblem = 'token_missing' | 'token_wrong' | undefined;

/**
 * Makes the check of the Authorization header. Hashes are compared, in a time that tells nothing: neither how long the token
 * is nor how much of a guess was right.
 */
export function createTokenCheck(token: string): (authorization: string | undefined) => TokenProblem {
  const expected = hashOf(token);
  return function checkToken(authorization) {
    const given = BEARER.exec(authorization ?? '')?.[1];
    if (given === undefined) return 'token_missing';
    return timingSafeEqual(hashOf(given), expected) ? undefined : 'token_wrong';
  };
}

const hashOf = (text: string): Buffer => createHash('sha256').update(text).digest();
