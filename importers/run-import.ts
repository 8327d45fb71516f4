import type { PostgresPool } from '../postgres/pool.ts';
import { type Batch, batchesOf } from './batches.ts';
import { type HeldLease, holdLease } from './hold-lease.ts';
import { type Reject, type RowMapper, createRowMapper } from './map-row.ts';
import { type Mapping, checkColumns } from './mapping.ts';
import { type CsvPosition, type PositionedRow, readHead, readRows } from './read-rows.ts';
import { type RejectsFile, openRejects } from './rejects-file.ts';
import { sendInOrder } from './send-in-order.ts';
import type { SendEvents } from './send-events.ts';
import { type ImportState, fingerprintOf, readState, removeState, writeState } from './state.ts';
import { type TimeRange, findTimeRange } from './time-range.ts';

export interface ImportOptions {
  file: string;
  mapping: Mapping;
  tenantId: string;
  send: SendEvents;
  concurrency: number;
  statePath: string;
  rejectsPath: string;
  /** Forget how far an earlier import of the file has come. */
  restart: boolean;
  /** Absent: the windows of the file are not held open. */
  lease?: { pool: PostgresPool; durationMs: number; onProblem: (error: unknown) => void };
  nowMs: () => number;
  signal: AbortSignal;
  onProgress: (progress: ImportProgress) => void;
}

export interface ImportProgress {
  phase: 'scanning' | 'sending';
  bytes: number;
  counts: ImportState['counts'];
}

export interface ImportResult {
  /** False when it was interrupted: what is missing is sent by the next call. */
  isComplete: boolean;
  /** How many rows an earlier import had sent already. */
  rowsBefore: number;
  counts: ImportState['counts'];
  rowsTotal: number;
  range: TimeRange | null;
}

/** How often the state is written while batches are acknowledged. */
const STATE_INTERVAL_MS = 500;

/**
 * Sends a file and keeps on disk how far it has come. Every event is sent at least once, under an identity that is the
 * same each time, so it counts once. The windows of the file are held by a lease until all of it is sent.
 */
export async function runImport(options: ImportOptions): Promise<ImportResult> {
  const head = await readHead(options.file, options.mapping.delimiter);
  checkColumns(options.mapping, head.header, options.file);
  const mapRow = createRowMapper(options.mapping, head.header, head.firstRow);
  const state = await prepareState(options, head, mapRow);
  const rowsBefore = state.counts.rows;
  const rejects = await openRejects(options.rejectsPath, state.rejects_bytes);
  try {
    await sendHeld(options, { state, rejects, mapRow });
  } finally {
    await rejects.close();
  }
  const isComplete = !options.signal.aborted;
  if (isComplete) await removeState(options.statePath);
  return { isComplete, rowsBefore, counts: state.counts, rowsTotal: state.rows_total, range: state.range };
}

interface Head {
  header: readonly string[];
  firstRow: readonly string[];
  end: CsvPosition;
}

/** The state of the import that is continued, or a new one, for which the whole file is read once. */
async function prepareState(options: ImportOptions, head: Head, mapRow: RowMapper): Promise<ImportState> {
  const { file, mapping, tenantId, statePath, signal } = options;
  const fingerprint = fingerprintOf(mapping, head.header, head.firstRow);
  if (!options.restart) {
    const state = await readState(statePath, { fingerprint, tenantId });
    if (state !== undefined) return state;
  }
  const counts = { rows: 0, sent: 0, accepted: 0, rejected: 0 };
  const rows = readRows(file, { delimiter: mapping.delimiter, from: head.end, signal });
  const found = await findTimeRange(rows, mapRow, {
    nowMs: options.nowMs(),
    onRow: (row) => options.onProgress({ phase: 'scanning', bytes: row.end.bytes, counts }),
  });
  return {
    version: 1,
    fingerprint,
    tenant_id: tenantId,
    position: head.end,
    counts,
    rejects_bytes: 0,
    range: found.range,
    rows_total: found.rows,
    lease_id: null,
  };
}

/** Sends the rows while the lease holds their windows; it ends with the last row. */
async function sendHeld(options: ImportOptions, sending: Omit<Sending, 'lease'>): Promise<void> {
  const lease = await leaseOf(options, sending.state);
  try {
    await sendRows(options, { ...sending, lease });
  } catch (error) {
    await lease?.leave();
    throw error;
  }
  // After a failure or an interruption it is left to expire: whoever continues soon finds the windows still waiting.
  if (options.signal.aborted) await lease?.leave();
  else await lease?.release();
}

async function leaseOf({ lease, tenantId }: ImportOptions, state: ImportState): Promise<HeldLease | undefined> {
  if (lease === undefined || state.range === null) return undefined;
  const { pool, durationMs, onProblem } = lease;
  return holdLease(pool, { tenantId, range: state.range, durationMs, leaseId: state.lease_id, onProblem });
}

interface Sending {
  state: ImportState;
  lease: HeldLease | undefined;
  rejects: RejectsFile;
  mapRow: RowMapper;
}

async function sendRows(options: ImportOptions, { state, lease, rejects, mapRow }: Sending): Promise<void> {
  const { file, mapping, statePath, signal } = options;
  let writtenAtMs = 0;
  const write = async () => {
    state.lease_id = lease?.leaseId ?? null;
    writtenAtMs = performance.now();
    await writeState(statePath, state);
  };
  await write();
  const rows = untilAborted(readRows(file, { delimiter: mapping.delimiter, from: state.position }), signal);
  try {
    await sendInOrder({
      batches: batchesOf(rows, mapRow),
      concurrency: options.concurrency,
      send: async (batch) => sendBatch(options.send, batch),
      commit: async (batch, sent) => {
        state.rejects_bytes = await rejects.append(sent.rejects);
        state.position = batch.end;
        state.counts.rows += batch.rows;
        state.counts.sent += batch.events.length;
        state.counts.accepted += sent.accepted;
        state.counts.rejected += sent.rejects.length;
        if (performance.now() - writtenAtMs > STATE_INTERVAL_MS) await write();
        options.onProgress({ phase: 'sending', bytes: batch.end.bytes, counts: state.counts });
      },
      signal,
    });
  } finally {
    await write();
  }
}

/** Ends the rows, as if the file ended, when the import is asked to stop. */
async function* untilAborted(rows: AsyncIterable<PositionedRow>, signal: AbortSignal): AsyncGenerator<PositionedRow> {
  for await (const row of rows) {
    if (signal.aborted) return;
    yield row;
  }
}

async function sendBatch(send: SendEvents, batch: Batch): Promise<{ accepted: number; rejects: Reject[] }> {
  if (batch.events.length === 0) return { accepted: 0, rejects: batch.rejects };
  const { accepted, rejected } = await send(batch.events);
  const refused = rejected.map(({ index, code, message }): Reject => {
    const { line, event } = batch.origins[index] ?? { line: 0, event: '' };
    return { line, event, code, message };
  });
  return { accepted, rejects: [...batch.rejects, ...refused].toSorted((left, right) => left.line - right.line) };
}
