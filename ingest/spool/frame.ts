import { Buffer } from 'node:buffer';
import { crc32 } from 'node:zlib';
import type { SpooledRecord } from './spool.ts';

/**
 * A frame on disk: length of the payload and its CRC-32 (each 4 bytes, big-endian), then the payload: length of the head
 * (4 bytes), the head as JSON, and the record's value. A frame that a kill has torn fails the length or the checksum.
 */
const PREFIX_BYTES = 8;
const HEAD_LENGTH_BYTES = 4;
/** Far above any real frame: a length beyond it is damage, not data. */
const PAYLOAD_BYTES_MAX = 16_777_216;

export function encodeFrame(record: SpooledRecord): Buffer {
  const { partition, headers, receivedAt, value } = record;
  const head = Buffer.from(JSON.stringify({ partition, headers, receivedAt }));
  const payloadLength = HEAD_LENGTH_BYTES + head.length + value.length;
  const frame = Buffer.allocUnsafe(PREFIX_BYTES + payloadLength);
  frame.writeUInt32BE(payloadLength, 0);
  frame.writeUInt32BE(head.length, PREFIX_BYTES);
  head.copy(frame, PREFIX_BYTES + HEAD_LENGTH_BYTES);
  value.copy(frame, PREFIX_BYTES + HEAD_LENGTH_BYTES + head.length);
  frame.writeUInt32BE(crc32(frame.subarray(PREFIX_BYTES)), 4);
  return frame;
}

export interface DecodedFrame {
  record: SpooledRecord;
  /** Where the next frame begins. */
  end: number;
}

/** The frame at `start`, or undefined when there is none or it is torn. */
export function decodeFrame(segment: Buffer, start: number): DecodedFrame | undefined {
  if (start + PREFIX_BYTES + HEAD_LENGTH_BYTES > segment.length) return undefined;
  const payloadLength = segment.readUInt32BE(start);
  const end = start + PREFIX_BYTES + payloadLength;
  if (payloadLength < HEAD_LENGTH_BYTES || payloadLength > PAYLOAD_BYTES_MAX || end > segment.length) return undefined;
  const payload = segment.subarray(start + PREFIX_BYTES, end);
  if (crc32(payload) !== segment.readUInt32BE(start + 4)) return undefined;
  const headEnd = HEAD_LENGTH_BYTES + payload.readUInt32BE(0);
  const head = JSON.parse(payload.toString('utf8', HEAD_LENGTH_BYTES, headEnd)) as Omit<SpooledRecord, 'value'>;
  return { record: { ...head, value: payload.subarray(headEnd) }, end };
}
