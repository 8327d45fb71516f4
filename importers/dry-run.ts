import type { RejectionCode } from '../events/codes.ts';
import { type ParseContext, parseEvent } from '../events/parse.ts';
import { IDENTIFIER_TYPES } from '../events/row.ts';
import { type OutgoingEvent, type Reject, createRowMapper } from './map-row.ts';
import { type Mapping, checkColumns } from './mapping.ts';
import { readHead, readRows } from './read-rows.ts';

export interface DryRun {
  rows: number;
  events: number;
  events_by_type: Record<string, number>;
  rejected: number;
  rejected_by_code: Record<string, number>;
  range_start: string | null;
  range_end: string | null;
  first_events: OutgoingEvent[];
  first_rejects: Reject[];
}

const SHOWN_MAX = 5;

/** Maps a whole file and judges its events as ingest would, without sending anything. */
export async function dryRun(options: {
  file: string;
  mapping: Mapping;
  nowMs: number;
  onProgress: (bytes: number, rows: number) => void;
}): Promise<DryRun> {
  const { file, mapping, nowMs } = options;
  const head = await readHead(file, mapping.delimiter);
  checkColumns(mapping, head.header, file);
  const mapRow = createRowMapper(mapping, head.header, head.firstRow);
  const judge = createJudge(nowMs);
  const result = emptyResult();
  const reject = (rejected: Reject): void => {
    result.rejected += 1;
    count(result.rejected_by_code, rejected.code);
    if (result.first_rejects.length < SHOWN_MAX) result.first_rejects.push(rejected);
  };
  let [start, end] = [Infinity, -Infinity];
  for await (const row of readRows(file, { delimiter: mapping.delimiter, from: head.end })) {
    result.rows += 1;
    options.onProgress(row.end.bytes, result.rows);
    const { events, rejects } = mapRow(row);
    rejects.forEach(reject);
    for (const event of events) {
      const rejection = judge(event);
      if (rejection !== undefined) {
        reject({ line: row.line, event: event.type, ...rejection });
        continue;
      }
      result.events += 1;
      count(result.events_by_type, event.type);
      start = Math.min(start, event.occurred_at);
      end = Math.max(end, event.occurred_at);
      if (result.first_events.length < SHOWN_MAX) result.first_events.push(event);
    }
  }
  if (result.events === 0) return result;
  return { ...result, range_start: new Date(start).toISOString(), range_end: new Date(end).toISOString() };
}

const emptyResult = (): DryRun => ({
  rows: 0,
  events: 0,
  events_by_type: {},
  rejected: 0,
  rejected_by_code: {},
  range_start: null,
  range_end: null,
  first_events: [],
  first_rejects: [],
});

function count(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}

/** What ingest would say; the user key, which only ingest can make, has no part in it. */
function createJudge(nowMs: number): (event: OutgoingEvent) => { code: RejectionCode; message: string } | undefined {
  const context: ParseContext = {
    tenantId: 'dry-run',
    receivedAt: nowMs,
    traceId: '',
    identityPriority: IDENTIFIER_TYPES,
    userKeyOf: () => '',
    newEventId: () => '',
  };
  return (event) => parseEvent(event, context).rejection;
}
