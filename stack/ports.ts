import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { randomInt } from 'node:crypto';
import { UnmogrowpError } from '../errors.ts';
import { writeJson } from './state.ts';
import type { Ports } from './types.ts';

export const LOOPBACK = '127.0.0.1';

/**
 * Below the range that Linux gives to outgoing connections (32768 and up): a port found free there could be taken by
 * any client before the part listens on it.
 */
const FREE_PORT_MIN = 20_000;
const FREE_PORT_MAX = 32_000;
const ATTEMPTS_MAX = 200;

/**
 * What any book of this process has handed out: a port that was chosen in one may not be listened on yet when another one
 * looks for a free port.
 */
const handedOut = new Set<number>();

/** Hands out ports, never one twice. */
export interface PortBook {
  /**
   * A port for each listener of `owner`: the one that somebody demands, else the one it had before, else the preferred
   * one, else any free one.
   */
  choose(owner: string, preferred: Ports, demanded?: Ports): Promise<Ports>;
  /** Forgets the ports of an owner that could not use them, so that it gets others. */
  forget(owner: string): void;
}

/**
 * Ports stay the same over restarts of a directory while they are free: clients that wrote an address down still find
 * the part, and a Kafka broker advertises the address that it is known by.
 */
export function openPortBook(options: { file: string; preferDefaults: boolean }): PortBook {
  const book = readBook(options.file);
  const taken = new Set<number>();
  const available = async (port: number): Promise<boolean> => {
    if (port === 0 || taken.has(port)) return false;
    taken.add(port);
    handedOut.add(port);
    if (await isFree(port)) return true;
    taken.delete(port);
    return false;
  };
  const chooseOne = async (wanted: readonly (number | undefined)[]): Promise<number> => {
    for (const port of wanted) if (port !== undefined && (await available(port))) return port;
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
      const port = randomInt(FREE_PORT_MIN, FREE_PORT_MAX);
      if (!handedOut.has(port) && (await available(port))) return port;
    }
    throw new UnmogrowpError('part_start_failed', `No free port between ${FREE_PORT_MIN} and ${FREE_PORT_MAX}.`);
  };
  return {
    choose: async (owner, preferred, demanded = {}) => {
      const chosen: Record<string, number> = {};
      for (const [listener, port] of Object.entries(preferred)) {
        const known = options.preferDefaults ? port : undefined;
        chosen[listener] = await chooseOne([demanded[listener], book[owner]?.[listener], known]);
      }
      book[owner] = chosen;
      writeJson(options.file, book);
      return chosen;
    },
    forget: (owner) => {
      delete book[owner];
    },
  };
}

/** Whether a server could listen on this loopback port now. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host: LOOPBACK, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

function readBook(file: string): Record<string, Record<string, number>> {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Record<string, Record<string, number>>;
  } catch {
    return {};
  }
}
