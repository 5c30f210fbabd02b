import type { TypeLag } from '../../outbox/lag.ts';
import type { ConsumerReading } from './consumer-reports.ts';

/** The outbox at one moment, with what bounds that moment. Milliseconds. */
export interface OutboxAt {
  /** The database's clock after the rows were read. */
  readonly databaseTime: number;
  /** This process' clock before they were asked for, and after they had come. */
  readonly askedAt: number;
  readonly readAt: number;
  readonly types: readonly TypeLag[];
}

/** The samples of the last while, newest last. */
export interface OutboxHistory {
  add(sample: OutboxAt): void;
  /**
   * How long ago, in milliseconds, everything was handled that was committed then: events of these types, by a consumer with
   * this reading. Undefined is unknown.
   */
  handledAgo(belongs: (type: string) => boolean, consumer: ConsumerReading): number | undefined;
}

/**
 * Outbox lag and consumer lag, each true when it was read, say less than both together: an event that has just left the
 * outbox and isn't read yet is in neither. So a look at the outbox counts only once the consumer has read the stream as it
 * was at that look: everything that had left the outbox by then was in the stream, and is handled. That look's oldest
 * event still waiting, or the look itself, is how far the consumer is.
 */
export function keepOutboxHistory(keep: number, now: () => number = Date.now): OutboxHistory {
  let samples: OutboxAt[] = [];
  return {
    add(sample) {
      samples = [...samples.filter(({ readAt }) => sample.readAt - readAt <= keep), sample];
    },
    handledAgo(belongs, { consumerState, consumerLagMs }) {
      const last = samples.at(-1);
      if (!last || consumerState !== 'known' || consumerLagMs === null) return undefined;
      const time = now();
      // The database's clock now lies between these two.
      const earliest = last.databaseTime + time - last.readAt;
      const latest = last.databaseTime + time - last.askedAt;
      const read = earliest - consumerLagMs;
      const seen = samples.findLast((sample) => begunAt(sample) <= read);
      if (!seen) return undefined;
      const ages = seen.types.filter(({ type }) => belongs(type)).flatMap(agesOf);
      if (ages.includes(null)) return undefined;
      const oldest = Math.min(...(ages as number[]).map((age) => seen.databaseTime - age), begunAt(seen));
      return latest - oldest;
    },
  };
}

/** The database's clock when the rows were asked for, at the latest: what was committed by then is among them. */
const begunAt = ({ databaseTime, askedAt, readAt }: OutboxAt) => databaseTime - (readAt - askedAt);

/** Of what is committed and not in the stream; what is parked won't come before somebody sends it again. */
function agesOf({ pending, oldestAgeMs, parked, oldestParkedAgeMs }: TypeLag): (number | null)[] {
  return [...(pending > 0 ? [oldestAgeMs] : []), ...(parked > 0 ? [oldestParkedAgeMs] : [])];
}
