import type { ConsumerLagMinute, LagFigure } from '../../outbox/consumer-lag-history.ts';
import type { ContextSample, MinuteSample } from '../../outbox/lag-history.ts';

/** One minute of a context. Null is unknown; all three are null where nobody looked. */
export interface LagMinute {
  /** Its beginning by the outbox database's clock, RFC 3339. */
  readonly at: string;
  /** False: nobody looked in this minute, the relays or Redis were away. */
  readonly sampled: boolean;
  readonly pending: number | null;
  /** Age of the oldest pending event in milliseconds, 0 without one. */
  readonly oldestAgeMs: number | null;
  readonly parked: number | null;
  /** The lag of the context's consumer in milliseconds, null where it was unknown; absent where nobody looked or there is none. */
  readonly consumerLagMs?: number | null;
  /** How late the heartbeats were on the whole way, likewise. */
  readonly endToEndMs?: number | null;
}

/** What GET /v1/lag/history answers with: per line every minute of the time, the oldest first. */
export interface LagHistory {
  readonly from: string;
  readonly to: string;
  readonly contexts: readonly { readonly name: string; readonly minutes: readonly LagMinute[] }[];
  /** Of the events that belong to no context. */
  readonly unassigned: { readonly minutes: readonly LagMinute[] };
  /** The sums and the greatest ages of all; unknown where a part is. */
  readonly total: { readonly minutes: readonly LagMinute[] };
}

/** Lays the samples out over the time: a minute without one stays a gap. `names`: contexts that have a line in any case. */
export function composeHistory(
  {
    end,
    samples,
    consumers = [],
  }: {
    readonly end: number;
    readonly samples: readonly MinuteSample[];
    readonly consumers?: readonly ConsumerLagMinute[];
  },
  { minutes, names }: { readonly minutes: number; readonly names: readonly string[] },
): LagHistory {
  const times = Array.from({ length: minutes }, (_, index) => end - (minutes - index) * 60_000);
  const byMinute = Map.groupBy(samples, ({ minute }) => minute);
  const consumersByMinute = Map.groupBy(consumers, ({ minute }) => minute);
  const line = (belongs: (context: string) => boolean) => ({
    minutes: times.map((time) => ({
      at: new Date(time).toISOString(),
      ...together((byMinute.get(time) ?? []).filter(({ context }) => belongs(context))),
      ...worst((consumersByMinute.get(time) ?? []).filter(({ context }) => belongs(context))),
    })),
  });
  const of = (name: string) => line((context) => context === name);
  const found = [...samples, ...consumers].map(({ context }) => context).filter((context) => context !== '');
  return {
    from: new Date(times[0]!).toISOString(),
    to: new Date(end).toISOString(),
    contexts: [...new Set([...names, ...found.toSorted()])].map((name) => ({ name, ...of(name) })),
    unassigned: of(''),
    total: line(() => true),
  };
}

function together(samples: readonly ContextSample[]): Omit<LagMinute, 'at'> {
  if (samples.length === 0) return { sampled: false, pending: null, oldestAgeMs: null, parked: null };
  const all = (figure: 'pending' | 'oldestAgeMs' | 'parked', join: (values: number[]) => number) => {
    const values = samples.map((sample) => sample[figure]);
    return values.includes(null) ? null : join(values as number[]);
  };
  const sum = (values: number[]) => values.reduce((one, other) => one + other, 0);
  return {
    sampled: true,
    pending: all('pending', sum),
    oldestAgeMs: all('oldestAgeMs', (ages) => Math.max(...ages)),
    parked: all('parked', sum),
  };
}

function worst(minutes: readonly ConsumerLagMinute[]): Pick<LagMinute, 'consumerLagMs' | 'endToEndMs'> {
  const of = (figure: LagFigure) => {
    const ages = minutes.filter((one) => one.figure === figure).map(({ ageMs }) => ageMs);
    if (ages.length === 0) return undefined;
    return ages.includes(null) ? null : Math.max(...(ages as number[]));
  };
  const [consumerLagMs, endToEndMs] = [of('consumer'), of('whole')];
  return {
    ...(consumerLagMs === undefined ? {} : { consumerLagMs }),
    ...(endToEndMs === undefined ? {} : { endToEndMs }),
  };
}
