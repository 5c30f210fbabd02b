import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Router } from 'express';
import { isLoopback, type Config } from '../contexts/index.ts';
import { parseAddress } from '../runtime/address.ts';
import type { Log } from '../runtime/log.ts';
import { listen } from '../runtime/ops-server.ts';
import { adminApi } from './admin-api.ts';
import { adminTokenFile, adminTokens } from './admin-token.ts';
import type { PendingEvents } from './in-flight.ts';
import { publishLag } from './lag/publish-lag.ts';
import type { SnapshotStore } from './store/snapshot-store.ts';

export interface ControlPlaneOptions {
  readonly config: Config;
  /** The configuration in force, where it may change while this runs. */
  readonly configNow?: () => Config;
  /** Stays the caller's: it is not closed with the control plane. */
  readonly store: SnapshotStore;
  readonly log: Log;
  /** `host:port`; `control.admin` unless given. Port 0 takes a free one. */
  readonly listen?: string | undefined;
  /** Serves `/v1/lag` and `/v1/consumers/:application`. */
  readonly lag?: Router | undefined;
  /** Of a context, as `Lag.handledAgo`: told to all gateways through the store. Unless given, `maxLag` finds it unknown. */
  readonly handledAgo?: ((context: string) => number | undefined) | undefined;
  /** The pending events of a context, for the refusal to move its writes; unknown unless given. */
  readonly pendingEvents?: PendingEvents | undefined;
}

/** A request that is still going after so long (milliseconds) is cut off at the stop. */
const STOP_GRACE = 3_000;

/**
 * Starts the admin API. It answers before the store can be reached, and says so then. Rejects when other hosts
 * would reach it and the configuration doesn't say that they may, or has no tokens for them.
 */
export async function startControlPlane(options: ControlPlaneOptions): Promise<{
  readonly url: string;
  stop(): Promise<void>;
}> {
  const { config, log } = options;
  const address = options.listen ?? config.control.admin;
  refuseExposure(config, address);
  const { host, port } = parseAddress(address);
  const tokens = await adminTokens(config);
  const server = createServer(adminApi(live({ ...options, tokens, host }, options.configNow)));
  await listen(server, host, port);
  const { store, handledAgo } = options;
  const publishing =
    handledAgo && publishLag({ config: options.configNow ?? (() => config), store, handledAgo, log });
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${(server.address() as AddressInfo).port}`;
  log.info(
    { url, tokens: config.control.tokens.length > 0 ? 'control.tokens' : adminTokenFile(config) },
    'the admin API listens',
  );
  return {
    url,
    async stop() {
      await publishing?.stop();
      await new Promise<void>((resolve) => {
        const timer = setTimeout(() => server.closeAllConnections(), STOP_GRACE);
        server.close(() => {
          clearTimeout(timer);
          resolve();
        });
        server.closeIdleConnections();
      });
    },
  };
}

/** The same, with the configuration that is in force whenever it is looked at. */
function live<T extends { readonly config: Config }>(deps: T, now: () => Config = () => deps.config): T {
  return Object.defineProperty({ ...deps }, 'config', { get: now });
}

function refuseExposure({ control }: Config, address: string): void {
  if (isLoopback(address) || (control.exposed && control.tokens.length > 0)) return;
  throw new Error(
    `the admin API does not listen on ${address}, where other hosts reach it: use a loopback address, or set control.exposed and control.tokens`,
  );
}
