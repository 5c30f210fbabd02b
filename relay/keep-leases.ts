import { boundStream, StreamMismatch } from '../outbox/bind-stream.ts';
import { backoff } from '../runtime/backoff.ts';
import type { Database } from '../runtime/database.ts';
import type { Log } from '../runtime/log.ts';
import { wait } from '../runtime/wait.ts';
import type { Availability } from './availability.ts';
import type { Leases } from './leases.ts';
import type { StandAside } from './stand-aside.ts';
import type { Window } from './window.ts';

export interface KeepLeasesParts {
  readonly database: Database;
  readonly stream: { readonly name: string };
  readonly lease: number;
  readonly leases: Leases;
  readonly window: Window;
  readonly standing: StandAside;
  /** Whether the stream can be reached, found out without sending. Never rejects. */
  readonly probe: () => Promise<boolean>;
  readonly onDatabase: Availability;
  readonly onStream: Availability;
  readonly log: Log;
  /** Called after each look. */
  readonly onTick: () => void;
}

/**
 * Keeps the leases until `end` aborts: alive, renewed, shared. A bucket that is given up goes when nothing of it is in
 * flight. Never rejects.
 */
export async function keepLeases(parts: KeepLeasesParts, end: AbortSignal): Promise<void> {
  const { database, stream, lease, leases, window, onDatabase, onStream } = parts;
  for (let attempt = 0, tickAt = 0; !end.aborted;) {
    try {
      if (performance.now() >= tickAt) {
        const bound = await boundStream(database, lease / 2);
        if (bound !== stream.name) throw new StreamMismatch(`the outbox is bound to stream '${bound}' now`);
        onStream.report();
        await leases.tick(standsAside(parts));
        tickAt = performance.now() + (leases.wanting ? lease / 10 : lease / 3);
        parts.onTick();
      }
      const giving = leases.giving();
      window.retain((held) => leases.holds(held) && !giving.includes(held.bucket));
      await leases.release(giving.filter((bucket) => window.idle(bucket, performance.now())));
      onDatabase.report();
      attempt = 0;
      await wait(giving.length > 0 ? 20 : Math.max(1, tickAt - performance.now()), end);
    } catch (error) {
      (error instanceof StreamMismatch ? onStream : onDatabase).report(error);
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
