import { once } from 'node:events';
import { parentPort } from 'node:worker_threads';
import buildTransport from 'pino-abstract-transport';
import { pinoLoki } from 'pino-loki';
import type { LokiAddress } from './loki.ts';
import { lokiLine } from './loki-line.ts';
import { logFieldsAt } from './registry/log-fields.ts';

const BATCH_SECONDS = 1;
const ANSWER_MS_MAX = 2_500;

/** What pino runs in the thread: lines come in, pino-loki sends them, and what became of them is told to the process. */
export default function sendToLoki(address: LokiAddress) {
  watchAnswers();
  const { url, username, password = '', tenant } = address;
  const loki = pinoLoki({
    host: url,
    timeout: ANSWER_MS_MAX,
    silenceErrors: true,
    // A batch that fails is lost: what waits is never more than what was written in one interval.
    batching: { interval: BATCH_SECONDS, maxBufferSize: 0 },
    propsToLabels: logFieldsAt('label'),
    logFormat: ({ line }) => String(line),
    ...(username === undefined ? {} : { basicAuth: { username, password } }),
    ...(tenant === undefined ? {} : { headers: { 'X-Scope-OrgID': tenant } }),
  });
  return buildTransport(
    async (lines) => {
      for await (const line of lines as AsyncIterable<string>) {
        loki.write(`${JSON.stringify(lokiLine(line, Date.now()))}\n`);
      }
    },
    {
      parse: 'lines',
      close: async () => {
        const closed = once(loki, 'close');
        loki.end();
        await closed;
      },
    },
  );
}

/** pino-loki gives no answer of Loki away. All that is fetched in this thread is fetched by it. */
function watchAnswers(): void {
  const send = globalThis.fetch;
  const tell = (outcome: 'stored' | 'lost', body: unknown): void =>
    parentPort?.postMessage({ code: 'EVENT', name: 'lines', args: [outcome, linesOf(body)] });
  globalThis.fetch = async (url, request) => {
    try {
      const answer = await send(url, request);
      tell(answer.ok ? 'stored' : 'lost', request?.body);
      return answer;
    } catch (error) {
      tell('lost', request?.body);
      throw error;
    }
  };
}

/** It makes one stream of each line. */
const linesOf = (body: unknown): number => (JSON.parse(String(body)) as { streams: unknown[] }).streams.length;
