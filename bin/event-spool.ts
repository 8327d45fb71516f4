import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeFrame } from '../ingest/spool/frame.ts';
import type { SpooledRecord } from '../ingest/spool/spool.ts';

const SEGMENT_NAME = /^\d{12}\.segment$/;

/**
 * Looks for an event in the spool of an ingest process on this machine, without touching it. Undefined also where there
 * is no spool: those of other machines cannot be read from here.
 */
export async function findSpooled(directory: string, eventId: string): Promise<SpooledRecord | undefined> {
  const names = await readdir(directory).catch(() => []);
  for (const name of names.filter((one) => SEGMENT_NAME.test(one)).sort()) {
    // A segment that was drained meanwhile is gone: then the event is on Kafka, which is looked at after this.
    const segment = await readFile(join(directory, name)).catch(() => Buffer.alloc(0));
    if (!segment.includes(eventId)) continue;
    for (let at = 0; ;) {
      const frame = decodeFrame(segment, at);
      if (frame === undefined) break;
      if (frame.record.value.includes(eventId)) return frame.record;
      at = frame.end;
    }
  }
  return undefined;
}
