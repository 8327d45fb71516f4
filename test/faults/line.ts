import net from 'node:net';
import { type Holds, type Message, createHolds } from './hold.ts';

/** The way from our processes to one part; every fault of a network is made here. */
export interface Line {
  readonly port: number;
  readonly holds: Holds;
  /** Ends all connections and refuses new ones. */
  cut(): Promise<void>;
  restore(): Promise<void>;
}

interface Target {
  readonly host: string;
  readonly port: number;
}

/** Makes what looks at the bytes of one connection; without it they go by as they are. */
export type Inspect = (connection: { holds: Holds; toPart: Write; toProcess: Write }) => {
  fromProcess: Write;
  fromPart: Write;
};
type Write = (bytes: Buffer) => void;

/** Forwards connections on `port` to the part. */
export async function startLine(port: number, target: Target, inspect: Inspect = asItIs): Promise<Line> {
  const sockets = new Set<net.Socket>();
  const holds = createHolds();
  const server = net.createServer((client) => {
    const upstream = net.connect(target);
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    const write =
      (socket: net.Socket): Write =>
      (bytes) =>
        void socket.write(bytes);
    const { fromProcess, fromPart } = inspect({ holds, toPart: write(upstream), toProcess: write(client) });
    client.on('data', fromProcess);
    upstream.on('data', fromPart);
  });
  const cut = () => closeServer(server, () => sockets.forEach((socket) => socket.destroy()));
  await listen(server, port);
  return { port, holds, cut, restore: () => listen(server, port) };
}

const asItIs: Inspect = ({ toPart, toProcess }) => ({ fromProcess: toPart, fromPart: toProcess });

/** Listens on the loopback; rejects when the port is taken. */
export function listen(server: net.Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** Refuses new connections and ends those that there are. */
export function closeServer(server: net.Server, endConnections: () => void): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    endConnections();
  });
}

const PRODUCE = 0;
const OFFSET_COMMIT = 8;
const NAMES = new Map([
  [PRODUCE, 'Produce'],
  [OFFSET_COMMIT, 'OffsetCommit'],
]);
const LENGTH_BYTES = 4;

/**
 * Knows the requests that Kafka's clients send: a produce, and the commit of offsets with what stands beside them. A
 * request that is kept is not sent on; an answer that is kept was given, and nobody learns of it.
 */
export const inspectKafka: Inspect = ({ holds, toPart, toProcess }) => {
  const asked = new Map<number, Message>();
  return {
    fromProcess: inFrames((frame) => {
      const message = requestOf(frame);
      if (message !== undefined && holds.keeps(message, 'request')) return;
      if (message !== undefined) asked.set(frame.readInt32BE(LENGTH_BYTES + 4), message);
      toPart(frame);
    }),
    fromPart: inFrames((frame) => {
      const correlation = frame.readInt32BE(LENGTH_BYTES);
      const message = asked.get(correlation);
      asked.delete(correlation);
      if (message !== undefined && holds.keeps(message, 'answer')) return;
      toProcess(frame);
    }),
  };
};

function requestOf(frame: Buffer): Message | undefined {
  const name = NAMES.get(frame.readInt16BE(LENGTH_BYTES));
  return name === undefined ? undefined : { name, detail: frame.includes('begun:') ? 'begun' : 'plain' };
}

/** Calls with each whole frame, its length in front of it, however the bytes come. */
function inFrames(onFrame: (frame: Buffer) => void): Write {
  let rest: Buffer = Buffer.alloc(0);
  return (bytes) => {
    rest = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
    while (rest.length >= LENGTH_BYTES) {
      const end = LENGTH_BYTES + rest.readInt32BE(0);
      if (rest.length < end) return;
      const frame = rest.subarray(0, end);
      rest = rest.subarray(end);
      onFrame(frame);
    }
  };
}
