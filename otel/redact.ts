import { IDENTIFIER_TYPES } from '../events/row.ts';

/**
 * Fields of events and requests that say who somebody is, or that open a door. Names are compared without case, `_` and
 * `-`, so that `userId` and `user-id` are `user_id`.
 */
const REDACTED_FIELDS: ReadonlySet<string> = new Set(
  [
    IDENTIFIER_TYPES,
    [
      'user_key',
      'user_key_secret',
      'advertising_id',
      'customer_id',
      'email',
      'phone',
      'ip',
      'ip_address',
      'user_agent',
    ],
    ['authorization', 'write_key', 'api_key', 'password', 'secret', 'cookie', 'set_cookie', 'properties'],
  ]
    .flat()
    .map(plainName),
);
const REDACTED = '[redacted]';
const DEPTH_MAX = 8;

/** A copy of what is logged in which no field identifies a person or holds a secret. */
export function redactFields(fields: Record<string, unknown>): Record<string, unknown> {
  return redactObject(fields, 0);
}

function redactObject(fields: object, depth: number): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      REDACTED_FIELDS.has(plainName(name)) ? REDACTED : redactValue(value, depth + 1),
    ]),
  );
}

function redactValue(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (depth > DEPTH_MAX) return REDACTED;
  if (Array.isArray(value)) return value.map((item) => redactValue(item, depth + 1));
  if (value instanceof Error) return redactError(value, depth);
  // What is written is what this gives, and that may be an object again.
  if ('toJSON' in value && typeof value.toJSON === 'function') return redactValue(value.toJSON(), depth + 1);
  return redactObject(value, depth);
}

/** An error's own fields may hold whole requests: only what it says and where it came from is kept. */
function redactError(error: Error, depth: number): Record<string, unknown> {
  const { name, message, stack } = error;
  const { code, context } = error as { code?: unknown; context?: unknown };
  const cause = error.cause === undefined ? {} : { cause: redactValue(error.cause, depth + 1) };
  return { name, code, message, context: redactValue(context, depth + 1), stack, ...cause };
}

const SECRETS = /\bumg_[\w-]{16,}|\bBearer\s+[\w.~+/-]+=*|(?<=:\/\/[^\s:/@"]*:)[^\s/@"]+(?=@)/gi;

/** A line of the log without write keys, bearer tokens and passwords of addresses, wherever they stand in it. */
export function redactSecrets(line: string): string {
  return line.replace(SECRETS, REDACTED);
}

function plainName(name: string): string {
  return name.toLowerCase().replaceAll(/[_-]/g, '');
}
