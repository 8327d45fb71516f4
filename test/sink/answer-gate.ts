import net from 'node:net';

/** A forwarder in front of ClickHouse that can keep its answers back: what was asked is done, and nobody learns of it. */
export interface AnswerGate {
  url: string;
  /** Keeps back every answer from now on. */
  hold: () => void;
  close: () => Promise<void>;
}

/** Forwards connections on a port of its own to the server of `url`. */
export async function startAnswerGate(url: string): Promise<AnswerGate> {
  const target = new URL(url);
  const sockets = new Set<net.Socket>();
  let isHeld = false;
  const server = net.createServer((client) => {
    const upstream = net.connect({ host: target.hostname, port: Number(target.port) });
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket
        .on('error', () => {})
        .on('close', () => {
          sockets.delete(socket);
          other.destroy();
        });
    }
    client.pipe(upstream);
    upstream.on('data', (bytes) => {
      if (!isHeld) client.write(bytes);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const { port } = server.address() as net.AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    hold: () => {
      isHeld = true;
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
