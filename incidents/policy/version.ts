import { createHash } from 'node:crypto';
import type { PolicyDocument } from './schema.ts';

const DIGITS = 12;

/** Names what a policy says, whatever its file looks like: the order of settings, comments and defaults make no difference. */
export const policyVersion = (document: PolicyDocument): string =>
  createHash('sha256').update(canonicalText(document)).digest('hex').slice(0, DIGITS);

function canonicalText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const sorted = Object.entries(value).toSorted(([left], [right]) => (left < right ? -1 : 1));
  return `{${sorted.map(([name, item]) => `${JSON.stringify(name)}:${canonicalText(item)}`).join(',')}}`;
}
