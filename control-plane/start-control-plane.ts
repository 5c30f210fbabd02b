import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Router } from 'express';
import type { Config } from '../contexts/index.ts';
import { parseAddress } from '../runtime/address.ts';
import type { Log } from '../runtime/log.ts';
import { listen } from '../runtime/ops-server.ts';
import { adminApi } from './admin-api.ts';
import { adminTokenFile, adminTokens } from './admin-token.ts';
import type { PendingEvents } from './in-flight.ts';
import type { SnapshotStore } from './store/snapshot-store.ts';

export interface ControlPlaneOptions {
  readonly config: Config;
  /** Stays the caller's: it is not closed with the control plane. */
  readonly store: SnapshotStore;
  readonly log: Log;
  /** `host:port`; `control.admin` unless given. Port 0 takes a free one. */
  readonly listen?: string | undefined;
  /** Serves `/v1/lag` and `/v1/consumers/:application`. */
  readonly lag?: Router | undefined;
  /** The pending events of a context, for the refusal to move its writes; unknown unless given. */
  readonly pendingEvents?: PendingEvents | undefined;
}

/** A request that is still going after so long (milliseconds) is cut off at the stop. */
const STOP_GRACE = 3_000;

/** Starts the admin API. It answers before the store can be reached, and says so then. */
export async function startControlPlane(options: ControlPlaneOptions): Promise<{
  readonly url: string;
  stop(): Promise<void>;
}> {
  const { config, log } = options;
  const { host, port } = parseAddress(options.listen ?? config.control.admin);
  const tokens = await adminTokens(config);
  const server = createServer(adminApi({ ...options, tokens, host }));
  await listen(server, host, port);
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${(server.address() as AddressInfo).port}`;
  log.info(
    { url, tokens: config.control.tokens.length > 0 ? 'control.tokens' : adminTokenFile(config) },
    'the admin API listens',
  );
  if (!/^(localhost|127\.|::1$)/.test(host)) {
    log.warn({ host }, 'the admin API listens beyond loopback: put TLS and a firewall in front of it');
  }
  return {
    url,
    stop: () =>
      new Promise((resolve) => {
        const timer = setTimeout(() => server.closeAllConnections(), STOP_GRACE);
        server.close(() => {
          clearTimeout(timer);
          resolve();
        });
        server.closeIdleConnections();
      }),
  };
}
