import { getRequestListener } from '@hono/node-server';
import type { Hono } from 'hono';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { UnmogrowpError } from '../../errors.ts';

export interface RunningServer {
  readonly port: number;
  /** Takes no new connection, finishes the requests that are running, and cuts off what is left after the timeout. */
  stop(timeoutMs: number): Promise<void>;
}

const HEADERS_TIMEOUT_MS = 10_000;
/** For the largest body over a slow line. */
const REQUEST_TIMEOUT_MS = 30_000;
/** Alertmanager keeps its connections; one that is idle must not hold up a stop. */
const KEEP_ALIVE_MS = 65_000;
const IDLE_CHECK_MS = 50;

/** Serves the application of incidents by Node's own HTTP server. Throws `configuration_invalid` when it cannot listen. */
export async function serveIncidents(
  app: Pick<Hono, 'fetch'>,
  { host, port }: { host: string; port: number },
): Promise<RunningServer> {
  const timeouts = {
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
  };
  const listener = getRequestListener(app.fetch);
  const server = createServer(timeouts, (request, response) => void listener(request, response));
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      const message = `The incidents process cannot listen on ${host}:${port}: ${cause.message}. Choose other INCIDENT_HOST and INCIDENT_PORT.`;
      reject(new UnmogrowpError('configuration_invalid', message, { cause }));
    });
    server.listen(port, host, () => resolve());
  });
  return {
    port: (server.address() as AddressInfo).port,
    stop: (timeoutMs) =>
      new Promise((resolve) => {
        // A connection becomes idle when its last request is answered, which may be after the close.
        const idle = setInterval(() => server.closeIdleConnections(), IDLE_CHECK_MS);
        const cut = setTimeout(() => server.closeAllConnections(), timeoutMs);
        server.close(() => {
          clearInterval(idle);
          clearTimeout(cut);
          resolve();
        });
      }),
  };
}
