import { v5 as uuidVersion5 } from 'uuid';
import { IDENTIFIER_TYPES } from '../events/row.ts';
import { type EventTemplate, type Mapping, templatesOf } from './mapping.ts';
import type { CsvRow } from './read-rows.ts';
import { bindTemplate, columnsOf } from './text-template.ts';
import { type TimeReader, createTimeReader } from './times.ts';

/** An event as it is sent. */
export interface OutgoingEvent {
  event_id: string;
  type: string;
  occurred_at: number;
  [field: string]: unknown;
}

/** Why a row, or one event of it, was not taken: by us, or by ingest with its code. */
export interface Reject {
  line: number;
  /** What the row should have become; empty when the row itself cannot be read. */
  event: string;
  code: string;
  message: string;
}

export interface MappedRow {
  events: OutgoingEvent[];
  rejects: Reject[];
}

/** Maps one row; never throws over what stands in it. */
export type RowMapper = (row: CsvRow) => MappedRow;

/** The namespace of all imported events; another one would count every file again. */
const NAMESPACE = '5d0a3b2e-6a0f-4b7e-9f52-1c8d3e7a9b40';

/**
 * Makes the mapper of one file. An event's identity is derived from the mapping's name, the file and the line (or the
 * mapping's key columns), so that a second import sends the same identities. The file is known by its first row, without
 * the cells that identify a person: a renamed, copied or grown file is the same, tomorrow's export is another one.
 */
export function createRowMapper(mapping: Mapping, header: readonly string[], firstRow: readonly string[]): RowMapper {
  const indexOf = (column: string): number => header.indexOf(column);
  const readTime = createTimeReader(mapping.time_format, mapping.timezone);
  const namespace = uuidVersion5(
    JSON.stringify([mapping.name, mapping.key === undefined ? fingerprintOf(mapping, header, firstRow) : null]),
    NAMESPACE,
  );
  const keyIndexes = mapping.key?.map(indexOf);
  const identityOf = ({ line, cells }: CsvRow) =>
    keyIndexes === undefined ? [line] : keyIndexes.map((index) => cells[index] ?? '');
  const ordinals = ordinalsOf(mapping.events);
  const mappers = mapping.events.map((event, index) => ({
    label: ordinals[index] ?? event.type,
    applies: bindCondition(event, indexOf),
    fill: bindEvent(event, indexOf, readTime),
  }));
  return function mapRow(row) {
    const mapped: MappedRow = { events: [], rejects: [] };
    if (row.cells.length !== header.length) {
      mapped.rejects.push(wrongCells(row, header.length));
      return mapped;
    }
    for (const { label, applies, fill } of mappers) {
      if (!applies(row.cells)) continue;
      const fields = fill(row.cells);
      if (fields === undefined) mapped.rejects.push(unreadableTime(row.line, label));
      else if (isMisread([fields, identityOf(row)])) mapped.rejects.push(misread(row.line, label));
      else {
        const event_id = uuidVersion5(JSON.stringify([label, ...identityOf(row)]), namespace);
        mapped.events.push({ event_id, ...fields });
      }
    }
    return mapped;
  };
}

/** The cells of the first row without those that a mapping takes an identifier from. */
function fingerprintOf(mapping: Mapping, header: readonly string[], firstRow: readonly string[]): string[] {
  const personal = new Set(
    mapping.events.flatMap((event) => IDENTIFIER_TYPES.flatMap((type) => columnsOf(event[type] ?? []))),
  );
  return firstRow.filter((_, index) => !personal.has(header[index] ?? ''));
}

/** `click`, `install`, and `click 2` for the second template of a type: identities must not depend on other types. */
function ordinalsOf(events: readonly EventTemplate[]): string[] {
  const counts = new Map<string, number>();
  return events.map(({ type }) => {
    const count = (counts.get(type) ?? 0) + 1;
    counts.set(type, count);
    return count === 1 ? type : `${type} ${count}`;
  });
}

function bindCondition(
  { when = {}, unless = {} }: EventTemplate,
  indexOf: (column: string) => number,
): (cells: readonly string[]) => boolean {
  const bind = (condition: Record<string, string[]>) =>
    Object.entries(condition).map(([column, values]) => [indexOf(column), new Set(values)] as const);
  const wanted = bind(when);
  const unwanted = bind(unless);
  const holds = (cells: readonly string[], [index, values]: readonly [number, Set<string>]): boolean =>
    values.has(cells[index]?.trim() ?? '');
  return (cells) => wanted.every((one) => holds(cells, one)) && !unwanted.some((one) => holds(cells, one));
}

type Fields = Omit<OutgoingEvent, 'event_id'> & { type: string; occurred_at: number };

/** Fills the fields of an event, or gives nothing when its time cannot be read. */
function bindEvent(
  event: EventTemplate,
  indexOf: (column: string) => number,
  readTime: TimeReader,
): (cells: readonly string[]) => Fields | undefined {
  const timeOf = bindTemplate(event.occurred_at, indexOf);
  const fields = templatesOf(event)
    .filter(([field]) => field !== 'occurred_at')
    .map(([field, template]) => [field, bindTemplate(template, indexOf)] as const);
  return function fill(cells) {
    const occurred_at = readTime(timeOf(cells) ?? '');
    if (occurred_at === undefined) return undefined;
    const filled: Fields = { type: event.type, occurred_at };
    for (const [field, fillField] of fields) {
      const text = fillField(cells);
      if (text === undefined) continue;
      if (!field.startsWith(PROPERTY)) filled[field] = text;
      else filled['properties'] = { ...(filled['properties'] as object), [field.slice(PROPERTY.length)]: text };
    }
    return filled;
  };
}

const PROPERTY = 'properties.';

const wrongCells = ({ line, cells }: CsvRow, expected: number): Reject => ({
  line,
  event: '',
  code: 'malformed_row',
  message: `the row has ${cells.length} cells, the header ${expected}`,
});

/**
 * Whether a text holds what decoding put for bytes that are no UTF-8. Another encoding would otherwise be taken with its
 * letters lost, and people or rows that differ in them alone would become one.
 */
function isMisread(value: unknown): boolean {
  if (typeof value === 'string') return value.includes('\ufffd');
  return typeof value === 'object' && value !== null && Object.values(value).some(isMisread);
}

const misread = (line: number, event: string): Reject => ({
  line,
  event,
  code: 'invalid_utf8',
  message: 'it holds bytes that are not UTF-8: convert the file, with iconv for example',
});

const unreadableTime = (line: number, event: string): Reject => ({
  line,
  event,
  code: 'invalid_time',
  message: 'its time is missing or not in the format of the mapping',
});
