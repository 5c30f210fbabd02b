import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { openLog } from '../runtime/log.ts';
import type { Relay, RelayOptions } from './relay-options.ts';
import { startRelay } from './start-relay.ts';

/** What `banyan.yaml` says unless it is told otherwise. */
export const RELAY_DEFAULTS = {
  lease: 10_000,
  requestTimeout: 3_000,
  poll: 500,
  heartbeat: 10_000,
  retention: 604_800_000,
} as const satisfies Partial<RelayOptions>;

type Defaulted = keyof typeof RELAY_DEFAULTS | 'name' | 'log';
export type EmbeddedRelayOptions = Omit<RelayOptions, Defaulted> & Partial<Pick<RelayOptions, Defaulted>>;

/**
 * Starts a relay inside a process that does something else too, a writer say, which wakes it with `createHint(relay)`.
 * The same as `banyan relay`, with the defaults of `banyan.yaml`, and a log of JSON lines on stderr; it shares the
 * buckets with the other relays of the outbox, wherever they run. Resolves and rejects as `startRelay` does.
 *
 * `database` is `openDatabase(url)`, a pool of its own: its sessions are in UTC and READ COMMITTED. A process that
 * doesn't get to its timers for a lease loses its buckets to the others.
 */
export function embedRelay(options: EmbeddedRelayOptions): Promise<Relay> {
  return startRelay({
    ...RELAY_DEFAULTS,
    name: `${hostname()}-${process.pid}-${randomBytes(2).toString('hex')}`,
    log: openLog('relay'),
    ...options,
  });
}
