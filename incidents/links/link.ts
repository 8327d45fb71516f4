import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

export const LINK_ACTIONS = ['acknowledge', 'snooze', 'resolve'] as const;
export type LinkAction = (typeof LINK_ACTIONS)[number];

/** What a link does, for whom, and until when. Whoever holds it may do exactly that and nothing else. */
export interface Link {
  /** Of the one command that it stands for: the incident takes each id once. */
  readonly id: string;
  readonly workflowId: string;
  readonly incidentId: string;
  readonly action: LinkAction;
  /** A person of the policy, or `channel:{channel}` where whoever reads it there may act. */
  readonly person: string;
  readonly expiresAtMs: number;
}

/** The first key signs; every one of them is believed, so that a new one can come before the old one goes. */
export type LinkKeys = readonly [string, ...string[]];

export type VerifiedLink =
  | { readonly isValid: true; readonly link: Link }
  | { readonly isValid: false; readonly reason: 'malformed' | 'signature_wrong' | 'expired' };

/** Part of what is signed, so that no signature of something else under the same key is one of a link. */
const PURPOSE = 'unmogrowp-link-v1';
const ID_LENGTH = 32;

/** Of a notice and what is to be done: a message that is sent again holds the same links. */
export const linkId = (deliveryKey: string, action: LinkAction): string =>
  createHash('sha256').update(`${action}/${deliveryKey}`).digest('hex').slice(0, ID_LENGTH);

/** The token of a link: what it says as base64url, a dot, and the signature over it. */
export function signLink(link: Link, [key]: LinkKeys): string {
  const { id, workflowId, incidentId, action, person, expiresAtMs } = link;
  const text = JSON.stringify({ id, workflowId, incidentId, action, person, expiresAtMs });
  const payload = Buffer.from(text).toString('base64url');
  return `${payload}.${signatureOf(payload, key)}`;
}

/** What a token says, if it was signed here and its time has not come. Nothing of it is read before it is believed. */
export function verifyLink(token: string, keys: LinkKeys, nowMs: number): VerifiedLink {
  const [payload = '', signature = '', ...more] = token.split('.');
  if (payload === '' || signature === '' || more.length > 0) return { isValid: false, reason: 'malformed' };
  // Every key is tried, so that the time says nothing about which one it was.
  const believed = keys.map((key) => isSame(signatureOf(payload, key), signature));
  if (!believed.includes(true)) return { isValid: false, reason: 'signature_wrong' };
  const link = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Link;
  return nowMs < link.expiresAtMs ? { isValid: true, link } : { isValid: false, reason: 'expired' };
}

const signatureOf = (payload: string, key: string): string =>
  createHmac('sha256', key).update(`${PURPOSE}.${payload}`).digest('base64url');

/** Compared as text: several texts of base64url stand for the same bytes, and only one of them is the token. */
function isSame(expected: string, given: string): boolean {
  const [left, right] = [Buffer.from(expected), Buffer.from(given)];
  return left.length === right.length && timingSafeEqual(left, right);
}
