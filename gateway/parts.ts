import type { IncomingMessage } from 'node:http';
import type { Snapshot } from '../contexts/index.ts';
import { cameSecurely } from './client-address.ts';
import type { Deciding } from './decide-request.ts';
import type { GatewayMetrics } from './metrics.ts';
import type { AskFirst } from './own-writes/ask-first.ts';
import type { OwnWritesMetrics } from './own-writes/own-writes-metrics.ts';
import type { OwnWrites } from './own-writes/own-writes.ts';
import type { Running } from './running.ts';

/** What requests and upgrades are carried with. What a reload or a toggle replaces is asked for each of them. */
export interface Parts {
  /** What the configuration in force has opened. */
  running(): Running;
  /** The stages in force. */
  snapshot(): Snapshot;
  deciding(): Deciding;
  readonly askFirst: AskFirst;
  readonly ownWrites: OwnWrites;
  readonly followed: OwnWritesMetrics;
  readonly metrics: GatewayMetrics;
}

/** Whether the client came over TLS, be it to a trusted proxy in front. */
export function isSecure({ running }: Parts, request: IncomingMessage): boolean {
  return cameSecurely(running().trust, request);
}
