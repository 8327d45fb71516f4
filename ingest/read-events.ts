import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { Rejection } from '../events/codes.ts';
import type { Refusal } from './answers.ts';
import { REQUEST_LIMITS } from './limits.ts';
import { BODY_TOO_LARGE } from './read-body.ts';

const inflate = promisify(gunzip);

export type BodyFormat = 'json' | 'ndjson';

/** One event of a request before it is judged: its JSON, or why it is none. */
export type EventEntry = { event: unknown; rejection?: undefined } | { event?: undefined; rejection: Rejection };

export type EventsResult = { entries: EventEntry[]; refusal?: undefined } | { entries?: undefined; refusal: Refusal };

const NDJSON_TYPES: ReadonlySet<string> = new Set(['application/x-ndjson', 'application/ndjson', 'application/jsonl']);

/** The format that a Content-Type names, or why there is none. */
export function bodyFormat(contentType: string | undefined): BodyFormat | Refusal {
  // As nearly every client writes it.
  if (contentType === 'application/json') return 'json';
  const [type = '', ...parameters] = (contentType ?? '').toLowerCase().split(';');
  const charset = parameters.map((text) => text.trim()).find((text) => text.startsWith('charset='));
  const isUtf8 = charset === undefined || /^charset="?utf-?8"?$/.test(charset);
  if (isUtf8 && type.trim() === 'application/json') return 'json';
  if (isUtf8 && NDJSON_TYPES.has(type.trim())) return 'ndjson';
  return {
    code: 'unsupported_media_type',
    message: 'send application/json or application/x-ndjson in UTF-8',
  };
}

/** Whether a Content-Encoding means gzip, or why it cannot be read. */
export function isGzip(contentEncoding: string | undefined): boolean | Refusal {
  const encoding = (contentEncoding ?? '').trim().toLowerCase();
  if (encoding === '' || encoding === 'identity') return false;
  if (encoding === 'gzip') return true;
  return { code: 'unsupported_encoding', message: 'send the body as it is, or with gzip' };
}

/** Inflates a body; stops at the limit, however much more a small body would become. */
export async function inflateBody(bytes: Uint8Array): Promise<Uint8Array | Refusal> {
  try {
    return await inflate(bytes, { maxOutputLength: REQUEST_LIMITS.bodyBytesMax });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') return BODY_TOO_LARGE;
    return { code: 'malformed_json', message: 'the body is not valid gzip' };
  }
}

/** The events of a body, none of them judged yet. */
export function readEvents(bytes: Uint8Array, format: BodyFormat): EventsResult {
  const result = format === 'json' ? readJson(bytes) : readNdjson(bytes);
  if (result.entries === undefined) return result;
  if (result.entries.length > REQUEST_LIMITS.eventsMax) return { refusal: TOO_MANY_EVENTS };
  if (result.entries.length === 0) return { refusal: { code: 'no_usable_event', message: 'there is no event in it' } };
  return result;
}

const TOO_MANY_EVENTS: Refusal = {
  code: 'too_many_events',
  message: `a request holds at most ${REQUEST_LIMITS.eventsMax} events`,
};

const decoder = new TextDecoder('utf-8', { fatal: true });

function decode(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

function readJson(bytes: Uint8Array): EventsResult {
  const text = decode(bytes);
  if (text === undefined) return { refusal: { code: 'invalid_utf8', message: 'the body is not UTF-8' } };
  const body = parse(text);
  if (body === undefined) return { refusal: { code: 'malformed_json', message: 'the body is not JSON' } };
  const events = (body.value as { events?: unknown } | null)?.events;
  if (!Array.isArray(events)) {
    return { refusal: { code: 'malformed_json', message: 'the body is not an object with a list "events"' } };
  }
  return { entries: events.map((event: unknown) => ({ event })) };
}

const LINE_END = 0x0a;

/** Each line stands for itself: a broken one takes none of its neighbours with it. Blank lines do not count. */
function readNdjson(bytes: Uint8Array): EventsResult {
  const entries: EventEntry[] = [];
  for (let start = 0; start < bytes.length;) {
    const found = bytes.indexOf(LINE_END, start);
    const end = found < 0 ? bytes.length : found;
    const line = decode(bytes.subarray(start, end));
    start = end + 1;
    if (line === undefined) entries.push({ rejection: { code: 'malformed_event', message: 'the line is not UTF-8' } });
    else if (line.trim() !== '') entries.push(readLine(line));
    // Enough to know that the request is refused.
    if (entries.length > REQUEST_LIMITS.eventsMax) break;
  }
  return { entries };
}

function readLine(line: string): EventEntry {
  const parsed = parse(line);
  if (parsed !== undefined) return { event: parsed.value };
  return { rejection: { code: 'malformed_event', message: 'the line is not JSON' } };
}

function parse(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}
