import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type {
  ExchangeTimes,
  Failure,
  Forwarder,
  Outcome,
  UpstreamOptions,
} from '../../../gateway/forwarding/forwarder.ts';
import { nodeForwarder } from '../../../gateway/forwarding/node-forwarder.ts';
import { socketForwarder } from '../../../gateway/forwarding/sockets/socket-forwarder.ts';
import { undiciForwarder } from '../../../gateway/forwarding/undici-forwarder.ts';

type Open = (options: UpstreamOptions) => Forwarder;

/** Every implementation of the contract in gateway/forwarding/forwarder.ts. */
export const forwarders: [string, Open][] = [
  ['undici', undiciForwarder],
  ['node:http', nodeForwarder],
  ['sockets', (options) => socketForwarder(options, undiciForwarder(options))],
];

/** A server that forwards everything over one forwarder, and says `untouched` where it failed before its head. */
export async function startForwarding(open: Open, options: UpstreamOptions, path?: string) {
  const forwarder = open(options);
  const outcomes: Outcome[] = [];
  const times: ExchangeTimes[] = [];
  const untouched = (response: ServerResponse) => response.writeHead(599).end('untouched');
  const server = createServer((request, response) => {
    const noted: ExchangeTimes = { sent: undefined, head: undefined };
    times.push(noted);
    void forwarder
      .forward({ request, response, path: path ?? request.url!, times: noted })
      .then((outcome) => {
        outcomes.push(outcome);
        if (!outcome.ok && !response.headersSent) untouched(response);
      });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.close();
    server.closeAllConnections();
    await forwarder.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    outcomes,
    times,
    connections: forwarder.connections,
  };
}

/** Why the first exchange failed; undefined when it didn't or is still under way. */
export function failureOf([outcome]: readonly Outcome[]): Failure | undefined {
  return outcome && !outcome.ok ? outcome.failure : undefined;
}
