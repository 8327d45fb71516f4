import type { Rejection } from './codes.ts';
import { LIMITS } from './limits.ts';
import { IDENTIFIER_TYPES } from './row.ts';

const IDENTIFIERS: ReadonlySet<string> = new Set(IDENTIFIER_TYPES);

/**
 * The properties of an event as JSON text: the ones it names as such and its unknown fields, where a named property wins.
 * Checked before anything is copied or written, so that neither depth nor a key can do harm.
 */
export function propertiesText(
  named: Readonly<Record<string, unknown>> | undefined,
  unknownFields: Readonly<Record<string, unknown>> | undefined,
): string | Rejection {
  const properties = unknownFields === undefined ? named : { ...unknownFields, ...named };
  if (properties === undefined) return '{}';
  const rejection = judgeValue(properties, 1);
  if (rejection !== undefined) return rejection;
  const text = JSON.stringify(properties);
  if (text.length * 3 > LIMITS.propertiesBytesMax && Buffer.byteLength(text) > LIMITS.propertiesBytesMax) {
    return { code: 'properties_too_large', message: `properties exceed ${LIMITS.propertiesBytesMax} bytes` };
  }
  return text;
}

function judgeValue(value: unknown, depth: number): Rejection | undefined {
  if (typeof value === 'string') return isStorable(value) ? undefined : UNSTORABLE;
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : TOO_BIG_NUMBER;
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth > LIMITS.propertiesDepthMax) {
    return { code: 'nesting_too_deep', message: `properties nest deeper than ${LIMITS.propertiesDepthMax} levels` };
  }
  if (Array.isArray(value)) {
    for (const item of value) {
      const rejection = judgeValue(item, depth + 1);
      if (rejection !== undefined) return rejection;
    }
    return undefined;
  }
  return judgeObject(value as Readonly<Record<string, unknown>>, depth);
}

function judgeObject(object: Readonly<Record<string, unknown>>, depth: number): Rejection | undefined {
  for (const key of Object.keys(object)) {
    if (key === '__proto__') return FORBIDDEN_KEY;
    if (IDENTIFIERS.has(key)) return identifierKey(key);
    if (!isStorable(key)) return UNSTORABLE;
    const rejection = judgeValue(object[key], depth + 1);
    if (rejection !== undefined) return rejection;
  }
  return undefined;
}

/** NUL and halves of surrogate pairs are JSON, but not text that every reader of the properties can take. */
const isStorable = (text: string): boolean => text.isWellFormed() && !text.includes('\0');

const UNSTORABLE: Rejection = {
  code: 'invalid_field',
  message: 'properties hold a NUL character or half of a surrogate pair',
};
const TOO_BIG_NUMBER: Rejection = { code: 'invalid_field', message: 'properties hold a number that is too large' };
export const FORBIDDEN_KEY: Rejection = { code: 'forbidden_field', message: '__proto__ is no name for a field' };

const identifierKey = (key: string): Rejection => ({
  code: 'forbidden_field',
  message: `properties are stored in clear and must not hold identifiers: send ${key} as a field of the event`,
});
