import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/**
 * A TCP proxy that loses connections as a fail-over or a firewall does: what is sent on them goes nowhere, and neither
 * side is told. New connections work, unless they are to be swallowed too.
 */
export interface SwallowingGate {
  /** The target's URL with the gate's address in it. */
  readonly url: string;
  /** Swallows all connections that there are, and with `newToo` those to come. */
  swallow(options?: { newToo?: boolean }): void;
  /** Swallows the answers, and only these, from the moment that a packet to the server ends with `text`. */
  swallowAnswersFrom(text: string): void;
  stop(): Promise<void>;
}

export async function startSwallowingGate(target: string): Promise<SwallowingGate> {
  const { hostname, port } = new URL(target);
  const pairs = new Set<{ near: Socket; far: Socket; swallowed: boolean; deaf: boolean }>();
  let refuse = false;
  let trigger: string | undefined;
  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    const pair = { near, far, swallowed: refuse, deaf: false };
    pairs.add(pair);
    near.on('data', (chunk) => {
      if (pair.swallowed) return;
      if (trigger !== undefined && chunk.toString('latin1').endsWith(trigger)) {
        pair.deaf = true;
        trigger = undefined;
      }
      far.write(chunk);
    });
    far.on('data', (chunk) => void (pair.swallowed || pair.deaf || near.write(chunk)));
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on('error', () => {});
      // The server must not learn that a lost client is gone.
      from.on('close', () => void (pair.swallowed || pair.deaf || to.destroy()));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(target);
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: url.href,
    swallow({ newToo = false } = {}) {
      refuse = newToo;
      for (const pair of pairs) pair.swallowed = true;
    },
    swallowAnswersFrom: (text) => void (trigger = text),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const { near, far } of pairs) {
          near.destroy();
          far.destroy();
        }
      }),
  };
}
