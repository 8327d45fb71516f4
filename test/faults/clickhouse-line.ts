import http from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { type Message, type Pattern, createHolds, matches } from './hold.ts';
import { type Line, closeServer, listen } from './line.ts';

/** What a line can do to statements beside keeping them back. */
export type Trouble =
  /** The statement reaches the server only after a while. */
  | { readonly kind: 'slow'; readonly pattern: Pattern; readonly delayMs: number }
  /** The statement takes effect, and then an error is answered. */
  | { readonly kind: 'error_after_effect'; readonly pattern: Pattern }
  /** The statement takes effect, and the connection breaks in the middle of the answer. */
  | { readonly kind: 'broken_answer'; readonly share: number };

/** A line to ClickHouse, which knows the statements by their names. */
export interface ClickHouseLine extends Line {
  /** Begins a trouble; gives the function that ends it. */
  begin(trouble: Trouble): () => void;
  /** How many statements met a trouble. */
  troubled(): number;
}

const HEADER_BYTES_MAX = 1_048_576;

/** Forwards requests on `port` to the server of `url`. Statements are known by their `log_comment`. */
export async function startClickHouseLine(
  port: number,
  { url, next }: { url: string; next: () => number },
): Promise<ClickHouseLine> {
  const target = new URL(url);
  const holds = createHolds();
  const troubles = new Set<Trouble>();
  let troubled = 0;

  const server = http.createServer({ maxHeaderSize: HEADER_BYTES_MAX }, (request, response) => {
    void handle(request, response);
  });

  async function handle(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const message = messageOf(request);
    response.on('error', () => {});
    if (holds.keeps(message, 'request')) return;
    const mine = [...troubles].filter((trouble) => meets(trouble, message));
    troubled += mine.length === 0 ? 0 : 1;
    for (const trouble of mine) if (trouble.kind === 'slow') await wait(trouble.delayMs);
    if (!response.destroyed) forward(message, request, response, mine);
  }

  function forward(
    message: Message,
    request: http.IncomingMessage,
    response: http.ServerResponse,
    mine: readonly Trouble[],
  ): void {
    const { method, url: path, headers } = request;
    const address = { host: target.hostname, port: target.port, maxHeaderSize: HEADER_BYTES_MAX };
    const upstream = http.request({ ...address, method, path, headers }, (answer) => {
      answer.on('error', () => response.destroy());
      if (holds.keeps(message, 'answer')) answer.resume();
      else if (mine.some(({ kind }) => kind === 'error_after_effect')) answerError(answer, response);
      else if (mine.some(({ kind }) => kind === 'broken_answer')) breakAnswer(answer, response);
      else {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      }
    });
    upstream.on('error', () => response.destroy());
    response.on('close', () => upstream.destroy());
    request.pipe(upstream);
  }

  const meets = (trouble: Trouble, message: Message): boolean =>
    trouble.kind === 'broken_answer' ? next() < trouble.share : matches(trouble.pattern, message);

  const messageOf = (request: http.IncomingMessage): Message => {
    const { searchParams } = new URL(request.url ?? '', target);
    return { name: searchParams.get('log_comment') ?? '', detail: searchParams.get('param_state') ?? '' };
  };

  await listen(server, port);
  return {
    port,
    holds,
    cut: () => closeServer(server, () => server.closeAllConnections()),
    restore: () => listen(server, port),
    begin(trouble) {
      troubles.add(trouble);
      return () => void troubles.delete(trouble);
    },
    troubled: () => troubled,
  };
}

/** As a server says that cannot know whether its insert reached the others. */
function answerError(answer: http.IncomingMessage, response: http.ServerResponse): void {
  answer.resume().on('end', () => {
    response.writeHead(500, { 'content-type': 'text/plain', 'x-clickhouse-exception-code': '319' });
    response.end('Code: 319. DB::Exception: Unknown status, client must retry. (UNKNOWN_STATUS_OF_INSERT) (faults)\n');
  });
}

/** Half of the answer, then the end of the connection. */
function breakAnswer(answer: http.IncomingMessage, response: http.ServerResponse): void {
  const chunks: Buffer[] = [];
  answer.on('data', (chunk: Buffer) => chunks.push(chunk));
  answer.on('end', () => {
    const body = Buffer.concat(chunks);
    const { 'content-length': _length, ...headers } = answer.headers;
    response.writeHead(answer.statusCode ?? 502, { ...headers, 'transfer-encoding': 'chunked' });
    response.write(body.subarray(0, Math.ceil(body.length / 2)), () => response.destroy());
  });
}
