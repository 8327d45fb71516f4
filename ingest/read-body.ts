import type { Refusal } from './answers.ts';
import { REQUEST_LIMITS } from './limits.ts';

export interface BodyLimits {
  bytesMax: number;
  /** For the whole body: a limit between two bytes would let a client send one a second for days. */
  timeoutMs: number;
}

export type BodyResult = { bytes: Uint8Array; refusal?: undefined } | { bytes?: undefined; refusal: Refusal };

/** The server drops the rest of the body: closing at once would take the answer from a client that still sends. */
export const BODY_TOO_LARGE: Refusal = {
  code: 'body_too_large',
  message: `the body exceeds ${REQUEST_LIMITS.bodyBytesMax} bytes`,
};
/** Without an announced length there may be no end of it. */
export const BODY_ENDLESS: Refusal = { ...BODY_TOO_LARGE, closesConnection: true };
export const BODY_TIMEOUT: Refusal = {
  code: 'body_timeout',
  message: 'the body did not arrive in time',
  closesConnection: true,
};
export const BODY_BROKEN: Refusal = {
  code: 'malformed_json',
  message: 'the body ended before its announced length',
  closesConnection: true,
};

/** Reads the web stream of a request, or gives the reason why not: works on every runtime. */
export async function readWebBody(request: Request, limits: BodyLimits): Promise<BodyResult> {
  const announced = Number(request.headers.get('content-length') ?? 0);
  if (announced > limits.bytesMax) return { refusal: BODY_TOO_LARGE };
  if (request.body === null) return { bytes: new Uint8Array() };
  const reader = request.body.getReader() as ReadableStreamDefaultReader<Uint8Array>;
  const chunks: Uint8Array[] = [];
  let length = 0;
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    // Ends the pending read; the stream's own failure then says nothing new.
    reader.cancel().catch(() => {});
  }, limits.timeoutMs);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (isLate) return { refusal: BODY_TIMEOUT };
      if (done) break;
      length += value.length;
      if (length > limits.bytesMax) {
        reader.cancel().catch(() => {});
        return { refusal: BODY_ENDLESS };
      }
      chunks.push(value);
    }
  } catch {
    return { refusal: isLate ? BODY_TIMEOUT : BODY_BROKEN };
  } finally {
    clearTimeout(timer);
  }
  return { bytes: join(chunks, length) };
}

function join(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const only = chunks.length === 1 ? chunks[0] : undefined;
  if (only !== undefined) return only;
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}
