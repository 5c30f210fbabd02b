import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Registry } from 'prom-client';
import { tlsFiles, type Config } from '../contexts/index.ts';
import { parseAddress } from '../runtime/address.ts';
import { listen, startOpsServer } from '../runtime/ops-server.ts';
import { watchFiles } from '../runtime/watch-files.ts';
import { refuseConnect } from './connect.ts';
import { openDrain } from './drain.ts';
import { limitConnections } from './limits/connections.ts';
import { watchSlowClients } from './limits/slow-clients.ts';
import { readCertificate } from './listener-tls.ts';
import { openListener } from './listener.ts';
import { openGateway, type GatewayOptions } from './open-gateway.ts';
import { upstreamsPage } from './protection/upstreams-page.ts';
import { openReloading, type Reloaded } from './reload.ts';
import { restoreSpelling } from './respelling.ts';
import { clientConnections } from './seeing/connection-metrics.ts';
import { afterAnswers, awaitTurn } from './turns.ts';
import { rememberUnderWay } from './under-way.ts';
import { answerUnparsed } from './unparsed.ts';

export interface StartOptions extends GatewayOptions {
  /** `host:port` to listen on instead of the config's; port 0 takes a free one. */
  readonly listen?: string;
  /** `host:port` of the ops port instead of the config's. */
  readonly ops?: string;
  /** Shown on the ops port beside the gateway's own. */
  readonly metrics?: readonly Registry[] | undefined;
  /** Reads the configuration anew for a reload, and throws with all its mistakes; the one given unless given. */
  readonly readConfig?: () => Config;
  /** Files whose change is a reason to reload, besides those that the configuration names for TLS. */
  readonly watched?: readonly string[];
  /** Milliseconds that stopping may take: then requests under way are cut. Default 25,000, less than Kubernetes' 30 s. */
  readonly grace?: number;
  /** Milliseconds of it in which clients may still come, and are told to go. Default 1,000. */
  readonly notice?: number;
}

export interface Gateway {
  /** `http://host:port`, with the port that was really taken. */
  readonly url: string;
  readonly opsUrl: string;
  /** The configuration in force. */
  config(): Config;
  /**
   * Reads the configuration and the files that it names again, and takes them over as a whole or not at all. Happens by
   * itself when one of them changes.
   */
  reload(): Promise<Reloaded>;
  /**
   * Says on the ops port that it isn't ready and tells clients to go, then takes no new requests, lets those under
   * way end, closes WebSockets and all connections.
   */
  stop(): Promise<void>;
}

/**
 * Starts the gateway: takes a snapshot (from the store, else from the copy on disk), listens, and goes on whatever
 * happens to the store. Without either it sends everything to the monolith and says on its ops port that it
 * isn't ready. Rejects when a port can't be taken, or a certificate can't be used.
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
  const { limits, tls } = config.gateway;
  const certificate = tls && (await readCertificate(tls));
  const gateway = await openGateway(options);
  const drain = openDrain();
  const server = openListener(limits, certificate, drain.ServerResponse);
  const telling = { metrics: gateway.metrics, log, onRefused: gateway.onRefused };
  rememberUnderWay(server);
  const limitsNow = () => gateway.config().gateway.limits;
  const most = () => limitsNow().connectionsPerClient;
  const connections = limitConnections(server, { ...telling, most, trust: gateway.trust });
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
  clientConnections(gateway.metrics.registry, server);
  answerUnparsed(server, telling);
  refuseConnect(server, telling);
  const stopWatching = watchSlowClients(server, limitsNow, { metrics: gateway.metrics, log });

  const { host, port } = parseAddress(address);
  try {
    await listen(server, host, port, config.gateway.reusePort);
  } catch (error) {
    await gateway.close();
    throw error;
  }
  const opsServer = await startOpsServer({
    address: ops,
    metrics: [gateway.metrics.registry, ...(options.metrics ?? [])],
    notReady: () => drain.stopping() ?? gateway.holder.missing(),
    handlers: gateway.opsHandlers,
    pages: {
      '/upstreams': () => upstreamsPage(gateway.guards()),
      '/shadow': () => gateway.shadowing().report(),
      '/status': gateway.status,
    },
  }).catch(async (error: unknown) => {
    server.close();
    await gateway.close();
    throw error;
  });
  const { readConfig = gateway.config, watched = [] } = options;
  const reloading = openReloading({ gateway, server, readConfig, certificate, log });
  const files = watchFiles(
    () => [...watched, ...tlsFiles(gateway.config())],
    () => void reloading.reload(),
  );
  if (certificate) gateway.metrics.watchCertificate(() => reloading.certificate()!.expires);
  const url = `http${tls ? 's' : ''}://${host.includes(':') ? `[${host}]` : host}:${(server.address() as AddressInfo).port}`;
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
    files.stop();
    await gateway.close();
    await opsServer.close();
    log.info('gateway stopped');
  };
  let stopping: Promise<void> | undefined;
  return {
    url,
    opsUrl: opsServer.url,
    config: gateway.config,
    reload: reloading.reload,
    stop: () => (stopping ??= stop()),
  };
}
