import { valuesOfLine } from '../../events/dead-letter.ts';
import { EVENT_ID_PATTERN } from '../../events/limits.ts';
import type { ROW_COLUMNS } from '../../events/row.ts';

type Column = (typeof ROW_COLUMNS)[number];

/** Identities and moments, which are nobody's. */
const EXACT: Readonly<Partial<Record<Column, RegExp>>> = {
  occurred_at: /^\d{9,12}(\.\d{1,3})?$/,
  event_id: EVENT_ID_PATTERN,
  received_at: /^\d{9,12}(\.\d{1,3})?$/,
  trace_id: /^[0-9a-f]{32}$/,
};

/** What a sound value of a column looks like. Only such a value is shown: in a broken row anything may stand anywhere. */
const SOUND: Readonly<Partial<Record<Column, RegExp>>> = {
  tenant_id: /^[a-z0-9][a-z0-9_-]{0,62}$/,
  event_type: /^[a-z_]{1,32}$/,
  country: /^[A-Za-z]{0,2}$/,
  revenue: /^\d{1,12}(\.\d{1,6})?$/,
  currency: /^[A-Za-z]{0,3}$/,
  identifier_type: /^[a-z_]{1,32}$/,
  // Names that tenants choose.
  app_id: /^/,
  name: /^/,
  channel: /^/,
  campaign: /^/,
  ad_group: /^/,
  creative: /^/,
  platform: /^/,
};

const LIKE_AN_IDENTIFIER = /@|\d{7,}|[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}/i;

const TEXT_LENGTH_MAX = 400;

/** What a line holds, without who it is about: by column where it is a row, else only its shape. */
export function maskLine(line: string): Readonly<Record<string, string>> | string {
  const values = valuesOfLine(line);
  if (values === undefined) return shapeOf(line);
  return Object.fromEntries([...values].map(([column, value]) => [column, maskValue(column, value)]));
}

function maskValue(column: Column, value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  if (column === 'properties') return maskProperties(text);
  const isSound = SOUND[column]?.test(text) === true && !LIKE_AN_IDENTIFIER.test(text);
  return isSound || EXACT[column]?.test(text) === true ? text : shapeOf(text);
}

/** Keys say what a tenant sends; the values may be about a person. */
function maskProperties(text: string): string {
  try {
    return JSON.stringify(maskJson(JSON.parse(text)));
  } catch {
    return shapeOf(text);
  }
}

function maskJson(value: unknown): unknown {
  if (typeof value === 'string' || typeof value === 'number') return shapeOf(String(value));
  if (Array.isArray(value)) return value.map(maskJson);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [LIKE_AN_IDENTIFIER.test(key) ? shapeOf(key) : key, maskJson(inner)]),
  );
}

/** Letters as x or X and digits as 9: enough to see what is wrong with a value, and nothing about whose it is. */
export function shapeOf(text: string): string {
  const shape = text
    .slice(0, TEXT_LENGTH_MAX)
    .replaceAll(/[\p{L}\p{M}\p{N}]/gu, (sign) => (/\p{N}/u.test(sign) ? '9' : /\p{Lu}/u.test(sign) ? 'X' : 'x'))
    // Whatever else it is, it must not move the cursor of a terminal.
    .replaceAll(/\p{C}/gu, '·');
  return text.length > TEXT_LENGTH_MAX ? `${shape}… (${text.length} characters)` : shape;
}
