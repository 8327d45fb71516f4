import net from 'node:net';

/** A forwarder in front of a real part, to cut the line without touching the part. */
export interface TcpProxy {
  port: number;
  /** Ends all connections and refuses new ones. */
  cut(): Promise<void>;
  /** Accepts connections again, and lets answers through. */
  restore(): Promise<void>;
  /** Keeps back every answer from now on: what is asked is done, and nobody learns of it. */
  holdAnswers(): void;
  close(): Promise<void>;
}

/** Forwards connections on a port of its own to `target` until it is cut. */
export async function startTcpProxy(target: { host: string; port: number }): Promise<TcpProxy> {
  const sockets = new Set<net.Socket>();
  let isHeld = false;
  const server = net.createServer((client) => {
    const upstream = net.connect(target);
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
  const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', () => resolve()));
  await listen(0);
  const { port } = server.address() as net.AddressInfo;
  const cut = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });
  const holdAnswers = (): void => {
    isHeld = true;
  };
  const restore = (): Promise<void> => {
    isHeld = false;
    return listen(port);
  };
  return { port, cut, restore, holdAnswers, close: cut };
}
