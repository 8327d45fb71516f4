import type { MappedRow, Reject, RowMapper } from './map-row.ts';
import type { CsvPosition, PositionedRow } from './read-rows.ts';

/** Events that are sent as one request, with what is needed to count them when it is answered. */
export interface Batch {
  /** The events as JSON. */
  events: string[];
  /** What each event is and where it comes from, to name the ones that ingest refuses. */
  origins: { line: number; event: string }[];
  /** Refused before sending. */
  rejects: Reject[];
  rows: number;
  /** The place in the file up to which everything is sent when this batch and all before it are. */
  end: CsvPosition;
}

/** Below the limits of one request, with room for a whole row's events and the braces around them. */
const EVENTS_MAX = 1_000;
const BODY_CHARACTERS_MAX = 300_000;
/** More than any event that ingest takes: sent, it could make a whole request too large. */
const EVENT_CHARACTERS_MAX = 16_000;

/** Groups the events of rows into requests. The events of one row stay together, so that a place is one between rows. */
export async function* batchesOf(
  rows: AsyncIterable<PositionedRow>,
  mapRow: RowMapper,
  eventsMax: number = EVENTS_MAX,
): AsyncGenerator<Batch> {
  let batch: Batch | undefined;
  let characters = 0;
  for await (const row of rows) {
    const mapped = mapRow(row);
    const texts = mapped.events.map((event) => JSON.stringify(event));
    const length = texts.reduce((sum, text) => sum + text.length + 1, 0);
    const isFull =
      batch !== undefined &&
      (batch.events.length + texts.length > eventsMax || characters + length > BODY_CHARACTERS_MAX);
    if (batch !== undefined && (isFull || batch.rows >= ROWS_MAX)) {
      yield batch;
      batch = undefined;
    }
    if (batch === undefined) {
      batch = { events: [], origins: [], rejects: [], rows: 0, end: row.end };
      characters = 0;
    }
    addRow(batch, row, mapped, texts);
    characters += length;
  }
  if (batch !== undefined) yield batch;
}

/** Rows that become no event also have to end a batch, or their progress would not be kept. */
const ROWS_MAX = 20_000;

function addRow(batch: Batch, row: PositionedRow, { events, rejects }: MappedRow, texts: readonly string[]): void {
  batch.rows += 1;
  batch.end = row.end;
  batch.rejects.push(...rejects);
  for (const [index, event] of events.entries()) {
    const text = texts[index] ?? '';
    if (text.length > EVENT_CHARACTERS_MAX) batch.rejects.push(tooLarge(row.line, event.type));
    else {
      batch.events.push(text);
      batch.origins.push({ line: row.line, event: event.type });
    }
  }
}

const tooLarge = (line: number, event: string): Reject => ({
  line,
  event,
  code: 'event_too_large',
  message: `the event has more than ${EVENT_CHARACTERS_MAX} characters`,
});
