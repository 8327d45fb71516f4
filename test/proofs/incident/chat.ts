import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { type Setting, type Step } from './story.ts';
import { until } from '../until.ts';

const TOLD_MS_MAX = 120_000;

/** A chat that Alertmanager tells by itself. */
export interface Chat {
  readonly url: string;
  readonly messages: readonly string[];
  stop(): Promise<void>;
}

/** Takes messages as a chat does, on a free port of the loopback. */
export async function startChat(): Promise<Chat> {
  const messages: string[] = [];
  const server = createServer((request, response) => {
    text(request).then(
      (body) => {
        messages.push(body);
        response.end('ok');
      },
      () => response.destroy(),
    );
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/chat`,
    messages,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Kills what incidents live in: people hear of it by the way that does not need it. */
export async function loseTemporal({ scene, incidents, onProgress }: Setting, chat: Chat): Promise<Step> {
  const { pipeline, signal } = scene;
  const begunAt = Date.now();
  const { temporal } = pipeline.stage.parts;
  await temporal.kill();
  try {
    const isTold = (message: string): boolean => message.includes('TemporalUnavailable');
    await until(
      () => 'a chat is told directly',
      () => chat.messages.find(isTold),
      { timeoutMs: TOLD_MS_MAX, signal },
    );
    const health = await incidents.ask('/healthz');
    if (health.status !== 503) throw new Error(`without Temporal the process of incidents says ${health.status}`);
  } finally {
    await temporal.start();
  }
  const seen = 'Alertmanager told the chat by itself, and incidents answered 503';
  onProgress(`Temporal killed: ${seen}`);
  return { name: 'Temporal killed', afterMs: Date.now() - begunAt, seen };
}
