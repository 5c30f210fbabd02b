import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { parseAddress } from '../runtime/address.ts';
import { listen, startOpsServer } from '../runtime/ops-server.ts';
import { wait } from '../runtime/wait.ts';
import { MAX_HEAD } from './forwarding/forwarder.ts';
import { openGateway, type GatewayOptions } from './open-gateway.ts';

export interface StartOptions extends GatewayOptions {
  /** `host:port` to listen on instead of the config's; port 0 takes a free one. */
  readonly listen?: string;
  /** `host:port` of the ops port instead of the config's. */
  readonly ops?: string;
  /** Milliseconds that requests under way have to end when the gateway stops. Default 30,000. */
  readonly grace?: number;
}

export interface Gateway {
  /** `http://host:port`, with the port that was really taken. */
  readonly url: string;
  readonly opsUrl: string;
  /** Takes no new requests, lets those under way end, closes WebSockets and all connections. */
  stop(): Promise<void>;
}

/** Longer than the idle time of the load balancers that stand in front, so that they close first. Milliseconds. */
const KEEP_ALIVE = 75_000;

/**
 * Starts the gateway: takes a snapshot (from the store, else from the copy on disk), listens, and goes on whatever
 * happens to the store. Without either it sends everything to the monolith and says on its ops port that it
 * isn't ready. Rejects when a port can't be taken.
 */
export async function startGateway(options: StartOptions): Promise<Gateway> {
  const {
    config,
    log,
    listen: address = config.gateway.listen,
    ops = config.gateway.ops,
    grace = 30_000,
  } = options;
  const gateway = await openGateway(options);
  // No limit on how long a request's body may take: an upload of any size goes through.
  const server = createServer({
    requestTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE,
    maxHeaderSize: MAX_HEAD,
    shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() === 'websocket',
  });
  server.on('request', (request, response) => gateway.handle(request, response));
  server.on('checkContinue', (request, response) => gateway.handle(request, response));
  server.on('checkExpectation', (request, response) => gateway.handle(request, response));
  server.on('upgrade', (request, socket, head) => gateway.upgrade(request, socket as Socket, head));

  const { host, port } = parseAddress(address);
  try {
    await listen(server, host, port);
  } catch (error) {
    await gateway.close();
    throw error;
  }
  const opsServer = await startOpsServer({
    address: ops,
    metrics: gateway.metrics.registry,
    notReady: gateway.holder.missing,
  }).catch(async (error: unknown) => {
    server.close();
    await gateway.close();
    throw error;
  });
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${(server.address() as AddressInfo).port}`;
  log.info({ url, ops: opsServer.url, revision: gateway.holder.current().revision }, 'gateway listens');

  const stop = async () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    const ended = new AbortController();
    void closed.then(() => ended.abort());
    // Tunnels never end by themselves; the connections of requests under way close after their answers.
    gateway.closeTunnels();
    await wait(grace, ended.signal);
    server.closeAllConnections();
    await closed;
    await gateway.close();
    await opsServer.close();
    log.info('gateway stopped');
  };
  let stopping: Promise<void> | undefined;
  return { url, opsUrl: opsServer.url, stop: () => (stopping ??= stop()) };
}
