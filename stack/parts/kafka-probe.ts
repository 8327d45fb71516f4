import { connect } from 'node:net';

const METADATA = 3;
const VERSION = 4;
const CORRELATION_ID = 7;
const TIMEOUT_MS = 3_000;
/** Of the answer: 4 bytes size, 4 correlation id, 4 throttle time, then the number of brokers. */
const BROKERS_OFFSET = 12;

/**
 * Asks a plain-text broker for the cluster's metadata, as every client does first, and gives back the number of brokers.
 *
 * One request by hand instead of a client: it is asked many times while the broker starts, and a client brings its own
 * retries, timers and log.
 */
export function countBrokers(host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    let answer = Buffer.alloc(0);
    const socket = connect({ host, port });
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('the connection was closed without an answer')));
    socket.once('connect', () => socket.write(metadataRequest()));
    socket.on('data', (data) => {
      answer = Buffer.concat([answer, data]);
      if (answer.length < BROKERS_OFFSET + 4) return;
      resolve(answer.readInt32BE(BROKERS_OFFSET));
      socket.destroy();
    });
  });
}

/** Header (key, version, correlation id, client id), then: all topics (-1), without creating any (0). */
function metadataRequest(): Buffer {
  const client = 'stack';
  const frame = Buffer.alloc(4 + 2 + 2 + 4 + 2 + client.length + 4 + 1);
  let offset = frame.writeInt32BE(frame.length - 4, 0);
  offset = frame.writeInt16BE(METADATA, offset);
  offset = frame.writeInt16BE(VERSION, offset);
  offset = frame.writeInt32BE(CORRELATION_ID, offset);
  offset = frame.writeInt16BE(client.length, offset);
  offset += frame.write(client, offset);
  offset = frame.writeInt32BE(-1, offset);
  frame.writeInt8(0, offset);
  return frame;
}
