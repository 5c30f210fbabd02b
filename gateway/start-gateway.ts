import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Registry } from 'prom-client';
import { parseAddress } from '../runtime/address.ts';
import { listen, startOpsServer } from '../runtime/ops-server.ts';
import { openDrain } from './drain.ts';
import { hasBody } from './forwarding/forwarder.ts';
import { limitConnections } from './limits/connections.ts';
import { watchSlowClients } from './limits/slow-clients.ts';
import { openGateway, type GatewayOptions } from './open-gateway.ts';
import { upstreamsPage } from './protection/upstreams-page.ts';
import { restoreSpelling } from './respelling.ts';
import { afterAnswers, awaitTurn } from './turns.ts';
import { rememberUnderWay } from './under-way.ts';
import { answerUnparsed } from './unparsed.ts';

export interface StartOptions extends GatewayOptions {
  /** `host:port` to listen on instead of the config's; port 0 takes a free one. */
  readonly listen?: string;
  /** `host:port` of the ops port instead of the config's. */
  readonly ops?: string;
  /** Shown on the ops port beside the gateway's own. */
  readonly metrics?: Registry | undefined;
  /** Milliseconds that stopping may take: then requests under way are cut. Default 25,000, less than Kubernetes' 30 s. */
  readonly grace?: number;
  /** Milliseconds of it in which clients may still come, and are told to go. Default 1,000. */
  readonly notice?: number;
}

export interface Gateway {
  /** `http://host:port`, with the port that was really taken. */
  readonly url: string;
  readonly opsUrl: string;
  /**
   * Says on the ops port that it isn't ready and tells clients to go, then takes no new requests, lets those under
   * way end, closes WebSockets and all connections.
   */
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
    grace = 25_000,
    notice = 1_000,
  } = options;
  const { limits } = config.gateway;
  const { headTimeout } = limits;
  const gateway = await openGateway(options);
  const drain = openDrain();
  // No limit on how long a request's body may take: an upload of any size goes through.
  const server = createServer({
    ServerResponse: drain.ServerResponse,
    requestTimeout: 0,
    headersTimeout: headTimeout,
    connectionsCheckingInterval: Math.min(headTimeout, 5_000),
    keepAliveTimeout: KEEP_ALIVE,
    maxHeaderSize: limits.headBytes,
    // The gateway itself answers what has no Host, and tells of it.
    requireHostHeader: false,
    shouldUpgradeCallback: isWebSocket,
  });
  // One more than may be is told from as many as may be; what is beyond, Node passes over.
  server.maxHeadersCount = limits.fields + 1;
  const telling = { metrics: gateway.metrics, log };
  rememberUnderWay(server);
  const most = () => limits.connectionsPerClient;
  const connections = limitConnections(server, { ...telling, most, trust: () => gateway.trust });
  const serve = (request: IncomingMessage, response: ServerResponse) => {
    if (!connections.refuse(request, response)) gateway.handle(request, response);
  };
  const handle = (request: IncomingMessage, response: ServerResponse) => {
    restoreSpelling(request, response);
    // A response has its connection unless another one, of a request before it, has it.
    if (response.socket) serve(request, response);
    else awaitTurn(request, response, () => serve(request, response));
  };
  server.on('request', handle);
  server.on('checkContinue', handle);
  server.on('checkExpectation', handle);
  server.on('upgrade', (request, socket: Socket, head) =>
    afterAnswers(socket, () => {
      if (!connections.refuseUpgrade(request, socket)) gateway.upgrade(request, socket, head);
    }),
  );
  drain.watch(server);
  answerUnparsed(server, telling);
  const stopWatching = watchSlowClients(server, () => limits, telling);

  const { host, port } = parseAddress(address);
  try {
    await listen(server, host, port);
  } catch (error) {
    await gateway.close();
    throw error;
  }
  const opsServer = await startOpsServer({
    address: ops,
    metrics: [gateway.metrics.registry, ...(options.metrics ? [options.metrics] : [])],
    notReady: () => drain.stopping() ?? gateway.holder.missing(),
    pages: { '/upstreams': () => upstreamsPage(gateway.guards) },
    handlers: gateway.opsHandlers,
  }).catch(async (error: unknown) => {
    server.close();
    await gateway.close();
    throw error;
  });
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${(server.address() as AddressInfo).port}`;
  log.info({ url, ops: opsServer.url, revision: gateway.holder.current().revision }, 'gateway listens');

  const stop = async () => {
    // Tunnels never end by themselves.
    await drain.run(server, {
      notice,
      grace,
      log,
      onClosed: gateway.closeTunnels,
      underWay: gateway.underWay,
    });
    stopWatching();
    await gateway.close();
    await opsServer.close();
    log.info('gateway stopped');
  };
  let stopping: Promise<void> | undefined;
  return { url, opsUrl: opsServer.url, stop: () => (stopping ??= stop()) };
}

/** Every other upgrade is answered as a plain request, without Upgrade (RFC 9110 §7.8). */
function isWebSocket(request: IncomingMessage): boolean {
  const { method, headers, httpVersionMinor } = request;
  return (
    headers.upgrade?.toLowerCase() === 'websocket' &&
    method === 'GET' &&
    httpVersionMinor === 1 &&
    !hasBody(request)
  );
}
