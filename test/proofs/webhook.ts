import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';

const POLL_MS = 50;

/** One alert of one notification, as a real Alertmanager delivered it. */
export interface Delivered {
  /** The receiver that Alertmanager's routes chose. */
  readonly receiver: string;
  readonly deliveredAt: number;
  readonly status: 'firing' | 'resolved';
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** Where Alertmanager delivers to. */
export interface Webhook {
  /** For ALERT_WEBHOOK_URL. */
  readonly url: string;
  /** Everything that was delivered so far, in order. */
  delivered(): readonly Delivered[];
  /** Waits until something is delivered that fits, or the time is over. */
  until(fits: (delivered: Delivered) => boolean, options: WaitOptions): Promise<Delivered | undefined>;
  stop(): Promise<void>;
}

export interface WaitOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** Listens for notifications on a free port of the loopback. */
export async function startWebhook(): Promise<Webhook> {
  const all: Delivered[] = [];
  const server = createServer((request, response) => {
    void read(request).then(
      (delivered) => {
        all.push(...delivered);
        response.end();
      },
      () => response.writeHead(400).end(),
    );
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    delivered: () => all,
    async until(fits, { timeoutMs, signal }) {
      const giveUpAt = performance.now() + timeoutMs;
      for (;;) {
        const found = all.find(fits);
        if (found !== undefined || performance.now() > giveUpAt) return found;
        await wait(POLL_MS, undefined, signal === undefined ? {} : { signal });
      }
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function read(request: IncomingMessage): Promise<Delivered[]> {
  const { alerts } = JSON.parse(await text(request)) as {
    alerts: Pick<Delivered, 'status' | 'labels' | 'annotations'>[];
  };
  const receiver = request.url?.split('/').at(-1) ?? '';
  const deliveredAt = Date.now();
  return alerts.map(({ status, labels, annotations }) => ({ receiver, deliveredAt, status, labels, annotations }));
}
