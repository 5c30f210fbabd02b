import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Registry } from 'prom-client';
import type { Config, ShadowErased, ShadowPage } from '../contexts/index.ts';
import { openGateway, type GatewayOptions } from './open-gateway.ts';
import { upstreamsPage } from './protection/upstreams-page.ts';
import { openReloading, type Reloaded } from './reload.ts';

export { parseConfig, type Config, type SnapshotSource } from '../contexts/index.ts';
export type { Reloaded } from './reload.ts';
export type { GatewayOptions } from './open-gateway.ts';

/** The gateway inside an Express monolith. */
export interface ExpressGateway {
  /** `app.use(gateway.middleware)`, before anything that reads bodies. What is the monolith's goes on to `next()`. */
  readonly middleware: (
    request: IncomingMessage,
    response: ServerResponse,
    next: (error?: unknown) => void,
  ) => void;
  /**
   * Takes WebSocket upgrades of extracted contexts from the server; others go on to `monolith`, which is the
   * server's own upgrade listener, or are closed when it isn't given.
   */
  onUpgrade(
    server: Server,
    monolith?: (request: IncomingMessage, socket: Socket, head: Buffer) => void,
  ): void;
  /** The gateway's metrics, to be joined with the monolith's own. */
  readonly metrics: Registry;
  /**
   * Puts another configuration in force, as a whole or not at all: `applied`, `unchanged`, or `refused`, and the log says
   * why. Requests under way are answered by the one before. What needs a restart is listed in the documentation.
   */
  reload(config: Config): Promise<Reloaded>;
  /** What comparing answers found out, as `/shadow` of the gateway's own process shows it. */
  shadow(): ShadowPage;
  /** Forgets the examples of shadowed answers, of all contexts or of those named, as `banyan events erase` has gateways of their own do. */
  eraseExamples(contexts?: readonly string[]): ShadowErased;
  /** How each upstream fares, as `/upstreams` of the gateway's own process shows it. */
  upstreams(): object;
  /** Why there is no snapshot yet, undefined when there is one. */
  notReady(): string | undefined;
  stop(): Promise<void>;
}

/**
 * Opens the gateway as Express middleware: requests that a context's stage sends to its extracted service are
 * forwarded, all others stay in the process and cost one decision; where reads are in shadow, what the monolith answers is
 * compared as it leaves. The config's `monolith` upstream is never dialled.
 */
export async function expressGateway(options: GatewayOptions): Promise<ExpressGateway> {
  if (options.config.gateway.identity && !options.identify)
    throw new Error(
      'the configuration has gateway.identity, and the monolith is this process, which is never dialled; say who is calling with `identify`',
    );
  const gateway = await openGateway(options);
  let next = options.config;
  const reloading = openReloading({
    ...{ gateway, log: options.log, server: undefined, certificate: undefined },
    readConfig: () => next,
  });
  /** Requests that are the monolith's for good, however often the gateway is mounted. */
  const handedOn = new WeakSet<IncomingMessage>();
  return {
    middleware(request, response, next) {
      if (handedOn.has(request)) return next();
      // Under a mounted router Express shortens `url`; a route is matched on the whole target.
      const { originalUrl } = request as IncomingMessage & { originalUrl?: string };
      const shortened = request.url;
      if (originalUrl !== undefined) request.url = originalUrl;
      gateway.handle(request, response, (error) => {
        if (shortened !== undefined) request.url = shortened;
        handedOn.add(request);
        next(error);
      });
    },
    onUpgrade(server, monolith) {
      server.on('upgrade', (request, socket, head) => {
        gateway.upgrade(request, socket as Socket, head, () => {
          if (monolith) monolith(request, socket as Socket, head);
          else socket.destroy();
        });
      });
    },
    metrics: gateway.metrics.registry,
    reload(config) {
      next = config;
      return reloading.reload();
    },
    eraseExamples: (contexts) => gateway.shadowing().eraseExamples(contexts),
    shadow: () => gateway.shadowing().report(),
    upstreams: () => upstreamsPage(gateway.guards()),
    notReady: gateway.holder.missing,
    stop: () => gateway.close(),
  };
}
