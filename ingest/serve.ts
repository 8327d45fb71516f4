import { getRequestListener } from '@hono/node-server';
import type { Hono } from 'hono';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { UnmogrowpError, toUnmogrowpError } from '../errors.ts';
import { REQUEST_LIMITS } from './limits.ts';
import { readNodeBody } from './read-body-node.ts';
import type { TakeEvents } from './take-events.ts';

export interface ServeOptions {
  /** Told about what should never happen. */
  onError: (error: UnmogrowpError) => void;
  host: string;
  /** 0 for any free one. */
  port: number;
  bodyTimeoutMs: number;
}

export interface RunningServer {
  port: number;
  /** Takes no new connection, finishes the requests that are running, and cuts off what is left after the timeout. */
  stop(timeoutMs: number): Promise<void>;
}

const HEADERS_TIMEOUT_MS = 10_000;
const KEEP_ALIVE_MS = 65_000;
/** How often Node looks for connections over their limits; by default too seldom for the limits above. */
const CONNECTION_CHECK_MS = 2_000;
/** The app answers a slow body itself; Node's own limit only stands behind it. */
const TIMEOUT_MARGIN_MS = 5_000;
const IDLE_CHECK_MS = 50;
/** How long the rest of a body that was refused is read and dropped. */
const DROP_MS = 500;

/**
 * Serves the app by Node's own HTTP server. Requests with events do not go through the app: making web requests and
 * responses of them costs more than one event.
 */
export async function serveOnNode(app: Hono, takeEvents: TakeEvents, options: ServeOptions): Promise<RunningServer> {
  const serveApp = getRequestListener(app.fetch);
  const serverOptions = {
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: Math.max(HEADERS_TIMEOUT_MS, options.bodyTimeoutMs) + TIMEOUT_MARGIN_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionsCheckingInterval: CONNECTION_CHECK_MS,
  };
  const server = createServer(serverOptions, (incoming, outgoing) => {
    const hasEvents = incoming.method === 'POST' && incoming.url === '/v1/events';
    const answered = hasEvents ? answerEvents(takeEvents, incoming, outgoing) : serveApp(incoming, outgoing);
    answered.catch((error: unknown) => {
      options.onError(toUnmogrowpError(error));
      outgoing.destroy();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(cannotListen(options, error)));
    server.listen(options.port, options.host, () => resolve());
  });
  return { port: (server.address() as AddressInfo).port, stop: (timeoutMs) => stopServer(server, timeoutMs) };
}

async function answerEvents(
  takeEvents: TakeEvents,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const { status, headers, body } = await takeEvents({
    header: (name) => incoming.headers[name] as string | undefined,
    readBody: (limits) => readNodeBody(incoming, limits),
  });
  // Nobody waits for it any more.
  if (outgoing.destroyed) return;
  outgoing.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) }).end(body);
  if (!incoming.complete) dropRest(incoming);
}

/** Lets a client that still sends read its answer, for a moment. */
function dropRest(incoming: IncomingMessage): void {
  const timer = setTimeout(() => incoming.socket.destroy(), DROP_MS);
  incoming.once('close', () => clearTimeout(timer)).resume();
}

function stopServer(server: Server, timeoutMs: number): Promise<void> {
  return new Promise((resolve) => {
    // A connection becomes idle when its last request is answered, which may be after the close.
    const idle = setInterval(() => server.closeIdleConnections(), IDLE_CHECK_MS);
    const cut = setTimeout(() => server.closeAllConnections(), timeoutMs);
    server.close(() => {
      clearInterval(idle);
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
  });
}

/** The part of Bun's server that is used here. */
interface BunRuntime {
  serve(options: {
    fetch: Hono['fetch'];
    hostname: string;
    port: number;
    idleTimeout: number;
    maxRequestBodySize: number;
  }): {
    port: number;
    stop(closeActiveConnections?: boolean): Promise<void>;
  };
}

/** Bun's runtime when the program runs on it. */
export const bunRuntime = (): BunRuntime | undefined => (globalThis as { Bun?: BunRuntime }).Bun;

/** Serves the app by Bun's HTTP server. */
export function serveOnBun(bun: BunRuntime, app: Hono, options: ServeOptions): RunningServer {
  const server = listenOnBun(bun, app, options);
  return {
    port: server.port,
    stop: async (timeoutMs) => {
      const cut = setTimeout(() => void server.stop(true), timeoutMs);
      await server.stop();
      clearTimeout(cut);
    },
  };
}

function listenOnBun(bun: BunRuntime, app: Hono, options: ServeOptions): ReturnType<BunRuntime['serve']> {
  try {
    return bun.serve({
      fetch: app.fetch,
      hostname: options.host,
      port: options.port,
      idleTimeout: KEEP_ALIVE_MS / 1_000,
      // The app answers a body over its limit; what is far larger is not even received.
      maxRequestBodySize: 4 * REQUEST_LIMITS.bodyBytesMax,
    });
  } catch (error) {
    throw cannotListen(options, error);
  }
}

const cannotListen = ({ host, port }: ServeOptions, cause: unknown): UnmogrowpError =>
  new UnmogrowpError(
    'configuration_invalid',
    `Ingest cannot listen on ${host}:${port}: ${(cause as Error).message}. Choose other INGEST_HOST and INGEST_PORT.`,
    { cause },
  );
