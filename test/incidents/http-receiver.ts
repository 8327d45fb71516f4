import { type IncomingHttpHeaders, type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';

export interface ReceivedRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface HttpReceiver {
  readonly url: string;
  /** What has come, the oldest first. */
  readonly requests: readonly ReceivedRequest[];
}

type Answer = (response: ServerResponse, request: ReceivedRequest) => void;

/** Answers with a status and nothing else of interest. */
export const answering =
  (status: number, headers: Record<string, string> = {}): Answer =>
  (response) => {
    response.writeHead(status, headers).end('an answer that nobody reads');
  };

/** Never answers. */
export const hanging: Answer = () => undefined;

/** Goes away in the middle of its answer. */
export const cutting: Answer = (response) => {
  response.writeHead(200, { 'content-length': '1000' });
  response.socket?.destroy();
};

/** A program that takes messages over HTTP until the test has finished; the answers come in this order, the last one again and again. */
export async function startHttpReceiver(...answers: [Answer, ...Answer[]]): Promise<HttpReceiver> {
  const requests: ReceivedRequest[] = [];
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const received = { path: request.url ?? '', headers: request.headers, body: await text(request) };
    requests.push(received);
    const answer = answers[requests.length - 1] ?? answers.at(-1) ?? hanging;
    answer(response, received);
  };
  const server = createServer((request, response) => {
    take(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(() => resolve()));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hidden-path`, requests };
}

/** An address at which nobody listens. */
export async function deadUrl(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}/hidden-path`;
}
