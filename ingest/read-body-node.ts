import type { IncomingMessage } from 'node:http';
import {
  BODY_BROKEN,
  BODY_ENDLESS,
  BODY_TIMEOUT,
  BODY_TOO_LARGE,
  type BodyLimits,
  type BodyResult,
} from './read-body.ts';

/**
 * Reads the body from Node's own stream. The web stream in front of it would cost more than parsing the events; the
 * result is the same.
 */
export function readNodeBody(incoming: IncomingMessage, limits: BodyLimits): Promise<BodyResult> {
  if (Number(incoming.headers['content-length'] ?? 0) > limits.bytesMax) {
    return Promise.resolve({ refusal: BODY_TOO_LARGE });
  }
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const finish = (result: BodyResult): void => {
      clearTimeout(timer);
      incoming.off('data', onData).off('end', onEnd).off('error', onBroken).off('close', onBroken);
      resolve(result);
    };
    const timer = setTimeout(() => finish({ refusal: BODY_TIMEOUT }), limits.timeoutMs);
    const onData = (chunk: Buffer): void => {
      length += chunk.length;
      if (length > limits.bytesMax) finish({ refusal: BODY_ENDLESS });
      else chunks.push(chunk);
    };
    const onEnd = (): void => {
      const only = chunks.length === 1 ? chunks[0] : undefined;
      finish({ bytes: only ?? Buffer.concat(chunks, length) });
    };
    const onBroken = (): void => finish({ refusal: BODY_BROKEN });
    incoming.on('data', onData).on('end', onEnd).on('error', onBroken).on('close', onBroken);
  });
}
