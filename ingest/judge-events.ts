import { type ParseContext, type ParsedEvent, parseEvent } from '../events/parse.ts';
import type { Rejection } from '../events/codes.ts';
import type { EventRow } from '../events/row.ts';
import type { AssignedEventId, RejectedEvent } from './answers.ts';
import type { EventEntry } from './read-events.ts';

export interface JudgedEvents {
  rows: EventRow[];
  rejected: RejectedEvent[];
  assigned: AssignedEventId[];
}

const SHOWN_ID_LENGTH_MAX = 64;

/** Judges every event of a request on its own, in order. The first one with an event_id wins over the later ones. */
export function judgeEvents(entries: readonly EventEntry[], context: ParseContext): JudgedEvents {
  const judged: JudgedEvents = { rows: [], rejected: [], assigned: [] };
  const seen = new Set<string>();
  for (const [index, entry] of entries.entries()) {
    const { row, rejection }: ParsedEvent =
      entry.rejection === undefined ? parseEvent(entry.event, context) : { rejection: entry.rejection };
    if (row === undefined) judged.rejected.push(rejectedEvent(index, entry, rejection));
    else if (seen.has(row.event_id)) judged.rejected.push(rejectedEvent(index, entry, DUPLICATE));
    else {
      seen.add(row.event_id);
      judged.rows.push(row);
      if (sentId(entry) === null) judged.assigned.push({ index, event_id: row.event_id });
    }
  }
  return judged;
}

const DUPLICATE: Rejection = {
  code: 'duplicate_event_id',
  message: 'an earlier event of this request has the same event_id',
};

const rejectedEvent = (index: number, entry: EventEntry, { code, message }: Rejection): RejectedEvent => ({
  index,
  event_id: sentId(entry),
  code,
  message,
});

function sentId(entry: EventEntry): string | null {
  const id = (entry.event as { event_id?: unknown } | null | undefined)?.event_id;
  return typeof id === 'string' && id !== '' && id.length <= SHOWN_ID_LENGTH_MAX ? id : null;
}
