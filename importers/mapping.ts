import { IANAZone } from 'luxon';
import { YAMLParseError, parse } from 'yaml';
import { z } from 'zod';
import { UnmogrowpError } from '../errors.ts';
import { EVENT_TYPES, IDENTIFIER_TYPES } from '../events/row.ts';
import { type TextTemplate, columnsOf, parseTemplate } from './text-template.ts';

/** A constant, a column or a join of them; YAML's numbers and booleans are meant as their text. */
const template = z.union([z.string(), z.number(), z.boolean()]).transform((value, context): TextTemplate => {
  const parsed = parseTemplate(String(value));
  if (parsed !== undefined && parsed.length > 0) return parsed;
  context.addIssue({
    code: 'custom',
    message: 'is text with columns as {column}; write {{ and }} for braces that are meant as such',
  });
  return z.NEVER;
});

const cell = z.union([z.string(), z.number(), z.boolean()]).transform(String);

/** Columns and what must stand in them: one text, or one of several; '' is an empty cell. */
const condition = z.record(z.string().min(1), z.union([cell.transform((value) => [value]), z.array(cell).min(1)]));

const identifiers = Object.fromEntries(IDENTIFIER_TYPES.map((type) => [type, template.optional()])) as Record<
  (typeof IDENTIFIER_TYPES)[number],
  z.ZodOptional<typeof template>
>;

const eventTemplate = z
  .strictObject({
    /** All of it must hold, or the row does not become this event. */
    when: condition.optional(),
    /** If any of it holds, the row does not become this event. */
    unless: condition.optional(),
    type: z.enum(EVENT_TYPES),
    occurred_at: template,
    app_id: template,
    name: template.optional(),
    channel: template.optional(),
    campaign: template.optional(),
    ad_group: template.optional(),
    creative: template.optional(),
    country: template.optional(),
    platform: template.optional(),
    revenue: template.optional(),
    currency: template.optional(),
    ...identifiers,
    properties: z.record(z.string().min(1), template).optional(),
  })
  .superRefine((event, context) => {
    const require = (field: string, why: string) => context.addIssue({ code: 'custom', path: [field], message: why });
    const isTouchpoint = event.type === 'click' || event.type === 'impression';
    if (isTouchpoint && event.channel === undefined) require('channel', `is required for a ${event.type}`);
    if (isTouchpoint && event.revenue !== undefined) require('revenue', 'belongs to installs and conversions');
    if (event.type === 'conversion' && event.name === undefined) require('name', 'is required for a conversion');
    if (event.revenue !== undefined && event.currency === undefined) require('currency', 'is required with revenue');
    if (IDENTIFIER_TYPES.every((type) => event[type] === undefined)) {
      require('user_id', `is missing: an event needs one of ${IDENTIFIER_TYPES.join(', ')}`);
    }
  });

const mappingSchema = z.strictObject({
  /** Part of every event's identity: under another name the same file is other events. */
  name: z.string().regex(/^[a-z0-9][a-z0-9_.-]{0,62}$/, 'is 1 to 63 of a-z, 0-9, -, _ and .'),
  description: z.string().optional(),
  /** Of times that do not say their offset. */
  timezone: z
    .string()
    .default('UTC')
    .refine((zone) => IANAZone.isValidZone(zone), { message: 'is no IANA time zone, such as UTC or Europe/Berlin' }),
  /** `iso`, `epoch_seconds`, `epoch_milliseconds`, or a pattern of tokens such as `dd/MM/yyyy HH:mm`. */
  time_format: z.string().min(1).default('iso'),
  delimiter: z.string().min(1).max(4).default(','),
  /** Columns that identify a row for ever; without them a row is identified by its file and line. */
  key: z.array(z.string().min(1)).min(1).optional(),
  events: z.array(eventTemplate).min(1).max(20),
});

export type Mapping = z.output<typeof mappingSchema>;
export type EventTemplate = Mapping['events'][number];

/** Reads a mapping from YAML. Throws `import_invalid`, which names every field that is wrong. */
export function parseMapping(yaml: string, source: string): Mapping {
  let input: unknown;
  try {
    input = parse(yaml);
  } catch (error) {
    if (!(error instanceof YAMLParseError)) throw error;
    throw new UnmogrowpError('import_invalid', `${source} is not YAML: ${error.message.trim()}`, { cause: error });
  }
  const result = mappingSchema.safeParse(input);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) => `  ${placeOf(path)}: ${message}`);
  throw new UnmogrowpError('import_invalid', `The mapping ${source} cannot be used:\n${problems.join('\n')}`);
}

/** `events[0].channel`: as people write it. */
function placeOf(path: readonly PropertyKey[]): string {
  const text = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('');
  return text === '' ? 'the whole file' : text.replace(/^\./, '');
}

/** Every template of an event with the name of its field; properties are named `properties.x`. */
export function templatesOf(event: EventTemplate): [field: string, template: TextTemplate][] {
  const { when: _when, unless: _unless, type: _type, properties = {}, ...fields } = event;
  return [
    ...Object.entries(fields).flatMap(([field, value]): [string, TextTemplate][] =>
      value === undefined ? [] : [[field, value]],
    ),
    ...Object.entries(properties).map(([name, value]): [string, TextTemplate] => [`properties.${name}`, value]),
  ];
}

/** Throws `import_invalid` when the mapping reads columns that the file does not have. */
export function checkColumns(mapping: Mapping, header: readonly string[], file: string): void {
  const known = new Set(header);
  const used = [
    ...(mapping.key ?? []).map((column) => ['key', column] as const),
    ...mapping.events.flatMap((event, index) => [
      ...templatesOf(event).flatMap(([field, value]) =>
        columnsOf(value).map((column) => [`events[${index}].${field}`, column] as const),
      ),
      ...Object.keys(event.when ?? {}).map((column) => [`events[${index}].when`, column] as const),
      ...Object.keys(event.unless ?? {}).map((column) => [`events[${index}].unless`, column] as const),
    ]),
  ];
  const problems = used
    .filter(([, column]) => !known.has(column))
    .map(([place, column]) => `  ${place}: there is no column ${column}`);
  if (problems.length === 0) return;
  throw new UnmogrowpError(
    'import_invalid',
    `The mapping ${mapping.name} does not fit ${file}:\n${problems.join('\n')}\n  its columns are: ${columnsText(header)}`,
  );
}

const COLUMNS_LENGTH_MAX = 500;

/** The columns for people: no more of them, and nothing that a terminal would obey, where the file is no CSV at all. */
function columnsText(header: readonly string[]): string {
  const text = header.join(', ').replaceAll(/\p{Cc}/gu, '�');
  const shown = text.length > COLUMNS_LENGTH_MAX ? `${text.slice(0, COLUMNS_LENGTH_MAX)}…` : text;
  const delimiter = header.length === 1 ? [';', '\t', '|', ','].find((one) => header[0]?.includes(one)) : undefined;
  return delimiter === undefined
    ? shown
    : `${shown}\n  they seem to be separated otherwise: the mapping can say delimiter: ${JSON.stringify(delimiter)}`;
}
