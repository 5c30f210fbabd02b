import { ownOf } from '../contexts/index.ts';
import type { SnapshotStore } from './store/snapshot-store.ts';

/** The events of a context that are committed and not yet acknowledged by the stream; undefined when not known. */
export type PendingEvents = (context: string) => Promise<number | undefined>;

/** What a move of a context's writes would cut through. Null is unknown. */
export interface InFlight {
  readonly writes: readonly {
    readonly gateway: string;
    readonly count: number | null;
    readonly lastSeenAgoMs: number;
  }[];
  readonly pendingEvents: number | null;
}

/** A report older than this (milliseconds) tells nothing about the writes under way now. */
const STALE_AFTER = 2_000;

/** Asks the gateways' reports and the outbox; what can't be learned is null, never zero. */
export async function findInFlight(
  store: Pick<SnapshotStore, 'gateways'>,
  pendingEvents: PendingEvents | undefined,
  context: string,
): Promise<InFlight> {
  const [gateways, pending] = await Promise.all([
    store.gateways(),
    pendingEvents?.(context).catch(() => undefined),
  ]);
  return {
    writes: gateways.map(({ gateway, writesInFlight, seenAgoMs, unreadable }) => ({
      gateway,
      count:
        unreadable !== undefined || seenAgoMs > STALE_AFTER ? null : (ownOf(writesInFlight, context) ?? 0),
      lastSeenAgoMs: Math.round(seenAgoMs),
    })),
    pendingEvents: pending ?? null,
  };
}

/** `gw-1: 3 writes under way; gw-2: unknown, last seen 5.1 s ago; pending events: 12`. */
export function describeInFlight({ writes, pendingEvents }: InFlight): string {
  const perGateway = writes.map(({ gateway, count, lastSeenAgoMs }) =>
    count === null
      ? `${gateway}: unknown, last seen ${(lastSeenAgoMs / 1_000).toFixed(1)} s ago`
      : `${gateway}: ${count} ${count === 1 ? 'write' : 'writes'} under way`,
  );
  return [
    ...(perGateway.length > 0 ? perGateway : ['writes under way: unknown, no gateway is registered']),
    `pending events: ${pendingEvents ?? 'unknown'}`,
  ].join('; ');
}
