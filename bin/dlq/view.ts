import type { TopicLog } from '../../kafka/admin.ts';
import { type ConsumedRecord, headerOf } from '../../kafka/fetcher.ts';
import { type DeadLetterAction, listAttempts, listDeadLetterActions } from '../../postgres/dead-letter-actions.ts';
import type { DeadLetter, DeadLetterCount } from '../../postgres/dead-letters.ts';
import { printFacts, printLine, printTable } from '../output.ts';
import { maskLine } from './mask.ts';
import type { DeadLetterParts } from './parts.ts';
import { isGone, readRecords } from './values.ts';

const LINES_SHOWN_MAX = 20;

/** The name of a letter: where it lies. */
const letterName = (letter: DeadLetter): string =>
  `${letter.letter_topic}/${letter.letter_partition}/${letter.letter_offset}`;

/** The name of its origin, which stays the same when it is tried again. */
function originName(letter: DeadLetter): string {
  const { origin_topic: topic, origin_partition: partition, origin_offset: offset, origin_line: line } = letter;
  return `${topic}/${partition}/${offset}${line < 0 ? '' : `/${line}`}`;
}

/** One that waits for nothing any more, because Kafka has deleted it, is said to be gone. */
const stateOf = (letter: DeadLetter, log: TopicLog | undefined): string =>
  letter.state === 'waiting' && log !== undefined && isGone(letter, log) ? 'gone' : letter.state;

/** A letter as data, without what it holds. */
export function letterJson(letter: DeadLetter, log: TopicLog | undefined): Record<string, unknown> {
  return {
    id: letterName(letter),
    state: stateOf(letter, log),
    reason: letter.reason,
    stage: letter.stage,
    error_code: letter.error_code,
    clickhouse_error: letter.clickhouse_error,
    tenant_id: letter.tenant_id,
    attempt: letter.attempt,
    events: letter.rows,
    bytes: letter.bytes,
    received_at: letter.received_at,
    buried_at: letter.buried_at,
    origin: {
      id: originName(letter),
      topic: letter.origin_topic,
      partition: letter.origin_partition,
      offset: letter.origin_offset,
      line: letter.origin_line < 0 ? null : letter.origin_line,
    },
  };
}

/** Counts as a table: why letters could not be stored, and what became of them. */
export function printCounts(counts: readonly DeadLetterCount[]): void {
  const groups = Map.groupBy(counts, ({ reason, clickhouse_error: error }) => `${reason} ${error}`);
  const of = (group: readonly DeadLetterCount[], state: string): number =>
    group.find((count) => count.state === state)?.letters ?? 0;
  printTable(
    ['reason', 'error of ClickHouse', 'waiting', 'replayed', 'discarded', 'events'],
    [...groups.values()].map((group) => [
      group[0]?.reason ?? '',
      group[0]?.clickhouse_error ?? '',
      of(group, 'waiting'),
      of(group, 'replayed'),
      of(group, 'discarded'),
      group.reduce((sum, { rows }) => sum + rows, 0),
    ]),
  );
}

/** Letters as a table. */
export function printLetters(letters: readonly DeadLetter[], log: TopicLog | undefined): void {
  printTable(
    ['id', 'buried', 'tenant', 'reason', 'error of ClickHouse', 'origin', 'attempt', 'state'],
    letters.map((letter) => [
      letterName(letter),
      letter.buried_at.toISOString().slice(0, 19),
      letter.tenant_id,
      letter.reason,
      letter.clickhouse_error,
      originName(letter),
      letter.attempt,
      stateOf(letter, log),
    ]),
  );
}

/** A letter, every attempt at what it holds, and what it holds without who it is about. */
export interface LetterDetails {
  letter: DeadLetter;
  log: TopicLog;
  attempts: DeadLetter[];
  actions: ReadonlyMap<number, DeadLetterAction>;
  /** Undefined when it is gone from Kafka. */
  record: ConsumedRecord | undefined;
}

/** Reads everything about letters, from PostgreSQL and from Kafka. */
export async function readDetails(
  parts: DeadLetterParts,
  letters: readonly DeadLetter[],
  log: TopicLog,
): Promise<LetterDetails[]> {
  const records = await readRecords(parts, letters, log);
  return Promise.all(
    letters.map(async (letter) => {
      const attempts = await listAttempts(parts.pool, letter);
      const actionIds = attempts.flatMap(({ action_id: id }) => (id === null ? [] : [id]));
      const actions = await listDeadLetterActions(parts.pool, actionIds);
      return {
        letter,
        log,
        attempts,
        actions: new Map(actions.map((action) => [action.action_id, action])),
        record: records.get(letter.letter_id),
      };
    }),
  );
}

/** All of it as data. */
export function detailsJson({ letter, log, attempts, actions, record }: LetterDetails): Record<string, unknown> {
  return {
    ...letterJson(letter, log),
    trace_id: traceIdOf(record),
    row_format: (record && headerOf(record, 'row_format')) ?? null,
    attempts: attempts.map((attempt) => {
      const action = attempt.action_id === null ? undefined : actions.get(attempt.action_id);
      return {
        id: letterName(attempt),
        attempt: attempt.attempt,
        buried_at: attempt.buried_at,
        state: stateOf(attempt, log),
        action: action === undefined ? null : actionJson(action),
      };
    }),
    lines: record === undefined ? null : linesOf(record).map(maskLine),
  };
}

const actionJson = ({ action, done_by: by, done_at: at, note }: DeadLetterAction): Record<string, unknown> => ({
  action,
  by,
  at,
  note,
});

/** All of it for people. */
export function printDetails(details: LetterDetails): void {
  const { letter, log, attempts, actions, record } = details;
  const error = [letter.error_code, letter.clickhouse_error].filter((part) => part !== '').join(', ');
  const traceId = traceIdOf(record);
  printFacts([
    ['dead letter', letterName(letter)],
    ['state', stateOf(letter, log)],
    ['tenant', letter.tenant_id],
    ['reason', `${letter.reason} at ${letter.stage}${error === '' ? '' : ` (${error})`}`],
    ['origin', originText(letter)],
    ['received', letter.received_at.toISOString()],
    ['buried', letter.buried_at.toISOString()],
    ['attempt', String(letter.attempt)],
    ['holds', `${letter.rows} event${letter.rows === 1 ? '' : 's'}, ${letter.bytes} bytes`],
    ['trace', traceId === null ? '' : `unmogrowp trace ${traceId}`],
  ]);
  printLine();
  printTable(
    ['attempt', 'id', 'buried', 'then', 'when', 'who', 'note'],
    attempts.map((attempt) => {
      const action = attempt.action_id === null ? undefined : actions.get(attempt.action_id);
      return [
        attempt.attempt,
        letterName(attempt),
        attempt.buried_at.toISOString().slice(0, 19),
        stateOf(attempt, log),
        action?.done_at.toISOString().slice(0, 19) ?? '',
        action?.done_by ?? '',
        action?.note ?? '',
      ];
    }),
  );
  printLine();
  if (record === undefined) printLine('What it held is gone from Kafka: its retention has passed.');
  else printRecord(linesOf(record));
}

function originText(letter: DeadLetter): string {
  const line = letter.origin_line < 0 ? 'the whole record' : `line ${letter.origin_line}`;
  return `${letter.origin_topic}, partition ${letter.origin_partition}, offset ${letter.origin_offset}, ${line}`;
}

function printRecord(lines: readonly string[]): void {
  for (const line of lines.slice(0, LINES_SHOWN_MAX)) {
    const masked = maskLine(line);
    if (typeof masked === 'string') printLine(masked);
    else printTable(['column', 'value'], Object.entries(masked));
  }
  if (lines.length > LINES_SHOWN_MAX) printLine(`… and ${lines.length - LINES_SHOWN_MAX} lines more`);
}

const linesOf = ({ value }: ConsumedRecord): string[] =>
  value
    .toString()
    .split('\n')
    .filter((line) => line !== '');

function traceIdOf(record: ConsumedRecord | undefined): string | null {
  const traceparent = (record && headerOf(record, 'traceparent')) ?? '';
  return /^[0-9a-f]{2}-([0-9a-f]{32})-/.exec(traceparent)?.[1] ?? null;
}
