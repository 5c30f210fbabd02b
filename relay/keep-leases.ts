import { boundMap, StreamMismatch } from '../outbox/bind-stream.ts';
import { readOwnership } from '../outbox/ownership.ts';
import { mapText } from '../outbox/stream-map.ts';
import { backoff } from '../runtime/backoff.ts';
import type { Database } from '../runtime/database.ts';
import type { Log } from '../runtime/log.ts';
import { wait } from '../runtime/wait.ts';
import type { Availability } from './availability.ts';
import type { Leases } from './leases.ts';
import type { OwnershipView } from './ownership-view.ts';
import type { StandAside } from './stand-aside.ts';
import type { StreamFlow } from './stream-flow.ts';
import { ServerStopped, type ServerWatch } from './watch-server.ts';

export interface KeepLeasesParts {
  readonly database: Database;
  readonly stream: { readonly name: string };
  /** The aggregate types that go to other streams, as `mapText` writes them. */
  readonly aggregates: string;
  /** What keeps some of the events from being sent for want of configuration. */
  readonly unsendable: Error | undefined;
  readonly lease: number;
  readonly leases: Leases;
  readonly server: ServerWatch;
  readonly flows: readonly StreamFlow[];
  readonly ownership: OwnershipView;
  readonly standing: StandAside;
  /** Whether the stream can be reached, found out without sending. Never rejects. */
  readonly probe: () => Promise<boolean>;
  readonly onDatabase: Availability;
  readonly onStream: Availability;
  readonly onServer: Availability;
  readonly log: Log;
  /** Called after each look. */
  readonly onTick: () => void;
}

/**
 * Keeps the leases until `end` aborts: alive, renewed, shared. A bucket that is given up goes when nothing of it is in
 * flight. Never rejects.
 */
export async function keepLeases(parts: KeepLeasesParts, end: AbortSignal): Promise<void> {
  const { database, stream, lease, leases, flows, ownership, server, onDatabase, onStream, onServer } = parts;
  for (let attempt = 0, tickAt = 0; !end.aborted;) {
    try {
      if (performance.now() >= tickAt) {
        await server.check(lease / 2);
        onServer.report();
        const bound = await boundMap(database, lease / 2);
        if (bound?.stream !== stream.name)
          throw new StreamMismatch(`the outbox is bound to stream '${bound?.stream}' now`);
        if (mapText(bound) !== parts.aggregates)
          throw new StreamMismatch('some aggregate types go to other streams now; restart this relay');
        onStream.report(parts.unsendable);
        // Before the heartbeat: who waits for two of them knows that this was read between.
        ownership.learn(await readOwnership(database, lease / 2));
        await leases.tick(standsAside(parts));
        tickAt = performance.now() + (leases.wanting ? lease / 10 : lease / 3);
        parts.onTick();
      }
      const giving = leases.giving();
      for (const { window } of flows)
        window.retain(
          (held) => leases.holds(held) && !giving.includes(held.bucket) && ownership.sends(held.key),
        );
      const idle = (bucket: number) => flows.every(({ window }) => window.idle(bucket, performance.now()));
      await leases.release(giving.filter(idle));
      onDatabase.report();
      attempt = 0;
      await wait(giving.length > 0 ? 20 : Math.max(1, tickAt - performance.now()), end);
    } catch (error) {
      const stopped = error instanceof ServerStopped;
      (stopped ? onServer : error instanceof StreamMismatch ? onStream : onDatabase).report(error);
      // Ids and epochs of another history mean other rows; a server that is read-only still has ours.
      if (stopped && error.why !== 'read-only') {
        leases.forget();
        for (const { window } of flows) window.retain(() => false);
      }
      await wait(backoff(attempt++, { base: 50, cap: Math.min(1_000, lease / 4) }), end);
    }
  }
}

function standsAside({ standing, leases, probe, log }: KeepLeasesParts): boolean {
  const before = standing.away;
  const aside = standing.aside(leases.others);
  if (aside && !before)
    log.error('the stream has answered nothing for several leases: the other relays get the buckets');
  if (!aside && before) log.info('no other relay is alive: buckets are taken again');
  if (standing.probeDue()) {
    void probe().then((reached) => {
      if (reached && standing.away) log.info('the stream can be reached again: buckets are taken again');
      standing.probed(reached);
    });
  }
  return aside;
}
