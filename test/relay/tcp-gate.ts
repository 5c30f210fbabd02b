import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A TCP proxy that can take a server away without touching the server. */
export interface TcpGate {
  /** The target's URL with the gate's address in it. */
  readonly url: string;
  /** Cuts all connections and refuses new ones. */
  cut(): Promise<void>;
  /** Keeps all connections and takes new ones, but nothing passes: a machine that vanished. */
  freeze(): void;
  /** As if nothing had happened. */
  open(): Promise<void>;
  /** New connections go to another server: a failover. */
  redirect(target: string): void;
  stop(): Promise<void>;
}

export async function startTcpGate(target: string): Promise<TcpGate> {
  let { hostname, port } = new URL(target);
  const pairs = new Set<[Socket, Socket]>();
  let frozen = false;
  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    const pair: [Socket, Socket] = [near, far];
    pairs.add(pair);
    for (const [from, to] of [pair, [far, near]] as const) {
      if (frozen) from.pause();
      from.on('data', (chunk) => void to.write(chunk));
      from.on('error', () => {});
      from.on('close', () => {
        to.destroy();
        pairs.delete(pair);
      });
      if (frozen) from.pause();
    }
  });
  const listen = (on: number) => new Promise<void>((resolve) => server.listen(on, '127.0.0.1', resolve));
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      for (const sockets of pairs) for (const socket of sockets) socket.destroy();
    });
  const each = (act: (socket: Socket) => void) => pairs.forEach((sockets) => sockets.forEach(act));
  await listen(0);
  const address = server.address() as AddressInfo;
  const url = new URL(target);
  url.host = `127.0.0.1:${address.port}`;
  return {
    url: url.href,
    cut: close,
    freeze() {
      frozen = true;
      each((socket) => socket.pause());
    },
    async open() {
      frozen = false;
      each((socket) => socket.resume());
      if (!server.listening) await listen(address.port);
    },
    redirect: (to) => void ({ hostname, port } = new URL(to)),
    stop: close,
  };
}
