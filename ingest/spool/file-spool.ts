import { Buffer } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UnmogrowpError } from '../../errors.ts';
import { lockDirectory } from './directory-lock.ts';
import { decodeFrame, encodeFrame } from './frame.ts';
import { createHeldEvents } from './held-events.ts';
import type { Spool, SpoolBatch, SpooledRecord, SpoolState } from './spool.ts';

export interface FileSpoolOptions {
  directory: string;
  bytesMax: number;
  /** A segment is deleted when all of it is on Kafka; after a kill at most one segment is sent again. */
  segmentBytesMax?: number;
}

const SEGMENT_BYTES_MAX = 8_388_608;
const SEGMENT_NAME = /^(\d{12})\.segment$/;
const ID_FILE = 'spool-id';

interface Segment {
  path: string;
  bytes: number;
  /** What the drain has not sent yet. */
  records: number;
  /** Where the drain goes on reading. */
  readTo: number;
  receivedAt: number;
}

interface Waiting {
  records: readonly SpooledRecord[];
  frames: Buffer[];
  bytes: number;
  receivedAt: number;
  resolve: () => void;
  reject: (error: UnmogrowpError) => void;
}

/**
 * A spool of numbered append-only segment files. Requests that come at the same time share one write and one fsync. A
 * new process never appends to segments of an older one, whose end may be torn: what is behind the tear was never
 * answered as accepted, and is ignored.
 */
export async function openFileSpool(options: FileSpoolOptions): Promise<Spool> {
  const { directory, bytesMax } = options;
  const segmentBytesMax = options.segmentBytesMax ?? SEGMENT_BYTES_MAX;
  await mkdir(directory, { recursive: true });
  const unlock = await lockDirectory(directory);
  const id = await readOrMakeId(directory);
  const held = createHeldEvents();
  const { segments, nextNumber } = await recover(directory, (record) => held.add([record]));
  const queue: Waiting[] = [];
  let number = nextNumber;
  let file: FileHandle | undefined;
  let writing: Promise<void> | undefined;
  let waitingBytes = 0;

  const usedBytes = (): number => segments.reduce((sum, segment) => sum + segment.bytes, 0) + waitingBytes;

  async function append(records: readonly SpooledRecord[]): Promise<void> {
    const frames = records.map(encodeFrame);
    const bytes = frames.reduce((sum, frame) => sum + frame.length, 0);
    if (usedBytes() + bytes > bytesMax) {
      throw new UnmogrowpError('spool_full', `The spool holds ${bytesMax} bytes and takes no more`);
    }
    const receivedAt = Math.min(...records.map((record) => record.receivedAt));
    waitingBytes += bytes;
    return new Promise((resolve, reject) => {
      queue.push({ records, frames, bytes, receivedAt, resolve, reject });
      writing ??= writeQueue().finally(() => (writing = undefined));
    });
  }

  async function writeQueue(): Promise<void> {
    while (queue.length > 0) {
      const group = queue.splice(0);
      try {
        await writeGroup(group);
        for (const { resolve } of group) resolve();
      } catch (error) {
        const failure = new UnmogrowpError('spool_failed', `The spool cannot be written: ${String(error)}`, {
          cause: error,
        });
        for (const { reject } of group) reject(failure);
      } finally {
        for (const { bytes } of group) waitingBytes -= bytes;
      }
    }
  }

  async function writeGroup(group: readonly Waiting[]): Promise<void> {
    const segment = await openSegment();
    const bytes = Buffer.concat(group.flatMap(({ frames }) => frames));
    try {
      await writeAll(file, bytes, segment.bytes);
      await file?.datasync();
    } catch (error) {
      // The segment's end is uncertain now: what follows goes to another one.
      await closeSegment();
      throw error;
    }
    segment.bytes += bytes.length;
    for (const { records, frames, receivedAt } of group) {
      held.add(records);
      segment.records += frames.length;
      segment.receivedAt = Math.min(segment.receivedAt, receivedAt);
    }
  }

  async function openSegment(): Promise<Segment> {
    const last = segments.at(-1);
    if (file !== undefined && last !== undefined && last.bytes < segmentBytesMax) return last;
    await closeSegment();
    const path = join(directory, `${String(number).padStart(12, '0')}.segment`);
    number += 1;
    file = await open(path, 'wx');
    await syncDirectory(directory);
    const segment = { path, bytes: 0, records: 0, readTo: 0, receivedAt: Number.POSITIVE_INFINITY };
    segments.push(segment);
    return segment;
  }

  async function closeSegment(): Promise<void> {
    const open = file;
    file = undefined;
    await open?.close();
  }

  function state(): SpoolState {
    const open = segments.filter((segment) => segment.records > 0);
    return {
      records: open.reduce((sum, segment) => sum + segment.records, 0),
      bytes: usedBytes(),
      oldestReceivedAt: open.length === 0 ? undefined : Math.min(...open.map((segment) => segment.receivedAt)),
    };
  }

  /** A small spool is asked for a tenth of itself, or it would never have room. */
  const hasRoom = (bytes: number): boolean =>
    bytesMax === 0 || usedBytes() + Math.min(bytes, bytesMax / 10) <= bytesMax;

  async function readBatch(batchBytesMax: number): Promise<SpoolBatch | undefined> {
    await removeSentSegments();
    const segment = segments.find(({ records }) => records > 0);
    if (segment === undefined) return undefined;
    const { records, readTo } = await readFrames(segment, batchBytesMax);
    return {
      records,
      discard: async () => {
        held.remove(records);
        segment.records -= records.length;
        segment.readTo = readTo;
        await removeSentSegments();
      },
    };
  }

  async function removeSentSegments(): Promise<void> {
    for (;;) {
      const first = segments[0];
      if (first === undefined || first.records > 0) return;
      // The segment that is being written may be in the middle of a write of which it does not know yet.
      if (segments.length === 1 && writing !== undefined) return;
      segments.shift();
      if (segments.length === 0) await closeSegment();
      await rm(first.path, { force: true });
    }
  }

  async function close(): Promise<void> {
    await writing;
    await closeSegment();
    await unlock();
  }

  return { id, append, state, held: held.list, hasRoom, readBatch, close };
}

async function writeAll(file: FileHandle | undefined, bytes: Buffer, position: number): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    const result = await file?.write(bytes, written, bytes.length - written, position + written);
    written += result?.bytesWritten ?? bytes.length;
  }
}

/** The next frames of a segment up to about `bytesMax`, at least one. */
async function readFrames(segment: Segment, bytesMax: number): Promise<{ records: SpooledRecord[]; readTo: number }> {
  // Taken before the file is read: what is appended meanwhile belongs to the next batch.
  const { bytes, records: recordsMax } = segment;
  const content = (await readFile(segment.path)).subarray(0, bytes);
  const records: SpooledRecord[] = [];
  let readTo = segment.readTo;
  while (records.length < recordsMax && readTo - segment.readTo < bytesMax) {
    const frame = decodeFrame(content, readTo);
    if (frame === undefined) {
      throw new UnmogrowpError('spool_failed', `${segment.path} is damaged at byte ${readTo}`);
    }
    records.push(frame.record);
    readTo = frame.end;
  }
  return { records, readTo };
}

/** Finds the segments of earlier processes and counts their whole frames. */
async function recover(
  directory: string,
  onRecord: (record: SpooledRecord) => void,
): Promise<{ segments: Segment[]; nextNumber: number }> {
  const segments: Segment[] = [];
  let nextNumber = 1;
  for (const name of (await readdir(directory)).sort()) {
    const number = SEGMENT_NAME.exec(name)?.[1];
    if (number === undefined) continue;
    nextNumber = Number(number) + 1;
    const path = join(directory, name);
    const segment = scanSegment(path, await readFile(path), onRecord);
    if (segment.records > 0) segments.push(segment);
    else await rm(path);
  }
  return { segments, nextNumber };
}

function scanSegment(path: string, content: Buffer, onRecord: (record: SpooledRecord) => void): Segment {
  const segment: Segment = { path, bytes: 0, records: 0, readTo: 0, receivedAt: Number.POSITIVE_INFINITY };
  for (;;) {
    const frame = decodeFrame(content, segment.bytes);
    if (frame === undefined) return segment;
    segment.bytes = frame.end;
    segment.records += 1;
    segment.receivedAt = Math.min(segment.receivedAt, frame.record.receivedAt);
    onRecord(frame.record);
  }
}

async function readOrMakeId(directory: string): Promise<string> {
  const path = join(directory, ID_FILE);
  const known = await readFile(path, 'utf8').catch(() => '');
  if (/^[0-9a-f-]{36}$/.test(known)) return known;
  const id = randomUUID();
  await writeFile(path, id, { flush: true });
  return id;
}

/** A new file is only there after a crash if its directory was written too. */
async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
