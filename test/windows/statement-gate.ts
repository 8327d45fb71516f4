import http from 'node:http';
import type net from 'node:net';

/** A statement of one tenant, and whether it never reaches the server or only its answer never comes back. */
export interface HeldStatement {
  name: string;
  tenantId: string;
  keep: 'request' | 'answer';
}

/** A forwarder in front of ClickHouse that keeps single statements back: a process can be killed exactly there. */
export interface StatementGate {
  url: string;
  /** Keeps the statement back from now on; resolves as soon as one is kept. */
  hold(statement: HeldStatement): Promise<void>;
  /** Lets requests of the statement through again, also the one that was kept. */
  release(statement: Pick<HeldStatement, 'name' | 'tenantId'>): void;
  close(): Promise<void>;
}

interface Rule {
  keep: HeldStatement['keep'];
  isKept: PromiseWithResolvers<void>;
  kept: (() => void)[];
}

const HEADER_BYTES_MAX = 1_048_576;

/** Forwards requests on a port of its own to the server of `url`. Statements are known by their `log_comment`. */
export async function startStatementGate(url: string): Promise<StatementGate> {
  const target = new URL(url);
  const held = new Map<string, Rule>();
  const keyOf = (name: string | null, tenantId: string | null): string => `${name}/${tenantId}`;

  const server = http.createServer({ maxHeaderSize: HEADER_BYTES_MAX }, (request, response) => {
    const { searchParams } = new URL(request.url ?? '', target);
    const rule = held.get(keyOf(searchParams.get('log_comment'), searchParams.get('param_tenantId')));
    if (rule?.keep === 'request') {
      rule.kept.push(() => forward(request, response));
      rule.isKept.resolve();
      return;
    }
    forward(request, response, rule);
  });

  function forward(request: http.IncomingMessage, response: http.ServerResponse, rule?: Rule): void {
    const { method, url: path, headers } = request;
    const address = { host: target.hostname, port: target.port, maxHeaderSize: HEADER_BYTES_MAX };
    const upstream = http.request({ ...address, method, path, headers }, (answer) => {
      if (rule === undefined) {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      } else {
        answer.resume().on('end', () => rule.isKept.resolve());
      }
    });
    upstream.on('error', () => response.destroy());
    response.on('close', () => upstream.destroy());
    request.pipe(upstream);
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const { port } = server.address() as net.AddressInfo;

  return {
    url: `http://127.0.0.1:${port}`,
    hold({ name, tenantId, keep }) {
      const isKept = Promise.withResolvers<void>();
      held.set(keyOf(name, tenantId), { keep, isKept, kept: [] });
      return isKept.promise;
    },
    release({ name, tenantId }) {
      const rule = held.get(keyOf(name, tenantId));
      held.delete(keyOf(name, tenantId));
      for (const letThrough of rule?.kept ?? []) letThrough();
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
