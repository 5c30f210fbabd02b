import type { IncomingMessage } from 'node:http';
import type { Registry } from 'prom-client';
import type { Config } from '../../contexts/index.ts';
import type { Log } from '../../runtime/log.ts';
import type { Trust } from '../client-address.ts';
import { askingFinder, knowingFinder } from './find-caller.ts';
import { openSessionHints, type SessionHints } from './hints.ts';
import { openIdentity, type Identity } from './identity.ts';
import { identityMetrics, type IdentityMetrics } from './metrics.ts';
import { openSessions } from './sessions.ts';

/** What outlives a configuration: what is known of sessions, what is counted, the way to other gateways. */
export interface Identities {
  open(config: Config, trust: Trust): Identity;
  close(): void;
}

export interface IdentitiesOptions {
  readonly redis: string | undefined;
  readonly identify: ((request: IncomingMessage) => unknown) | undefined;
  readonly metrics: Registry;
  readonly log: Log;
}

/** Opens nothing before a configuration asks for it. */
export function openIdentities({ redis, identify, metrics: registry, log }: IdentitiesOptions): Identities {
  const sessions = openSessions();
  let metrics: IdentityMetrics | undefined;
  let hints: SessionHints | undefined;
  return {
    open(config, trust) {
      metrics ??= identityMetrics(registry, sessions.count);
      if (identify) return openIdentity(config, knowingFinder(identify, { metrics, log }), log);
      hints ??= openSessionHints(redis, sessions.forget);
      return openIdentity(config, askingFinder(config, { trust, sessions, hints, metrics, log }), log);
    },
    close: () => hints?.close(),
  };
}
