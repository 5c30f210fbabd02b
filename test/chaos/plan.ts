import { TAKEN_OVER } from './limits.ts';
import { between, oneOf, seeded } from './seeded.ts';

/** What a nemesis does once. Times are milliseconds; `share` is a number from 0 to 1 that picks among what there is. */
export type Deed =
  | { readonly kind: 'kill-relay'; readonly relay: number; readonly away: number }
  | { readonly kind: 'stop-relay'; readonly relay: number; readonly away: number }
  | { readonly kind: 'pause-relay'; readonly relay: number; readonly beyondLease: number }
  | { readonly kind: 'step-clock'; readonly relay: number }
  | { readonly kind: 'cut-relay'; readonly relay: number; readonly lasts: number }
  | { readonly kind: 'freeze-relay'; readonly relay: number; readonly lasts: number }
  | { readonly kind: 'restart-database'; readonly signal: 'SIGKILL' | 'SIGTERM' }
  | { readonly kind: 'kill-connections'; readonly share: number }
  | { readonly kind: 'restart-redis'; readonly away: number }
  | { readonly kind: 'split-shard'; readonly share: number }
  | { readonly kind: 'merge-shards'; readonly share: number }
  | { readonly kind: 'stream-away'; readonly lasts: number }
  | { readonly kind: 'throttle-hashes'; readonly from: number; readonly lasts: number };

export type DeedOf<Kind extends Deed['kind']> = Extract<Deed, { readonly kind: Kind }>;

export interface PlannedDeed {
  /** Milliseconds from the start; so much later as those before it in its lane took longer than was planned. */
  readonly at: number;
  /** Milliseconds that are planned for it. */
  readonly takes: number;
  /** Deeds of one lane never overlap. */
  readonly lane: string;
  readonly deed: Deed;
}

export interface Plan {
  readonly deeds: readonly PlannedDeed[];
  /** Per relay, whether it packs a key's events into one record. */
  readonly packing: readonly boolean[];
}

export const RELAYS = 3;

/** Everything that will go wrong in a run of so many milliseconds: the same for the same seed. Pure. */
export function plan(seed: number, milliseconds: number): Plan {
  const random = seeded(seed, 'packing');
  // Of both kinds in every run.
  const packing = Array.from(
    { length: RELAYS },
    (_, relay) => relay === 0 || (relay === 2 && random() < 0.5),
  );
  const lanes = [
    ...packing.map((_, relay) => lane(`relay ${relay}`, [1_000, 5_000], relayDeed(relay))),
    lane('database', [15_000, 35_000], databaseDeed),
    lane('redis', [8_000, 25_000], (draw) => ({ kind: 'restart-redis', away: between(draw, 0, 3_000) })),
    lane('shards', [6_000, 16_000], (draw, number) => ({
      kind: number === 0 || (number > 1 && draw() < 0.5) ? 'split-shard' : 'merge-shards',
      share: draw(),
    })),
    lane('stream', [4_000, 14_000], streamDeed),
  ];
  const deeds = lanes.flatMap((deedsOf) => deedsOf(seed, milliseconds));
  return { deeds: deeds.toSorted((a, b) => a.at - b.at), packing };
}

type Draw = () => number;

function lane(
  name: string,
  [least, most]: readonly [number, number],
  next: (draw: Draw, number: number) => Deed,
) {
  return (seed: number, milliseconds: number): PlannedDeed[] => {
    const draw = seeded(seed, name);
    const deeds: PlannedDeed[] = [];
    for (let at = between(draw, least, most); at < milliseconds; at += between(draw, least, most)) {
      const deed = next(draw, deeds.length);
      const takes = lengthOf(deed);
      deeds.push({ at, takes, lane: name, deed });
      at += takes;
    }
    return deeds;
  };
}

/** Milliseconds that it takes, about. */
function lengthOf(deed: Deed): number {
  if ('lasts' in deed) return deed.lasts;
  if (deed.kind === 'pause-relay') return TAKEN_OVER + deed.beyondLease;
  if ('away' in deed) return deed.away + 1_500;
  return deed.kind === 'restart-database' ? 4_000 : 0;
}

const relayDeed =
  (relay: number) =>
  (draw: Draw): Deed => {
    const kind = oneOf(draw, [
      ...(['kill-relay', 'kill-relay', 'kill-relay', 'pause-relay', 'pause-relay', 'pause-relay'] as const),
      ...(['stop-relay', 'step-clock', 'step-clock', 'cut-relay', 'freeze-relay'] as const),
    ]);
    switch (kind) {
      case 'kill-relay':
      case 'stop-relay':
        return { kind, relay, away: between(draw, 0, 1_500) };
      case 'pause-relay':
        return { kind, relay, beyondLease: between(draw, 0, 1_500) };
      case 'step-clock':
        return { kind, relay };
      default:
        return { kind, relay, lasts: between(draw, 200, 3_500) };
    }
  };

function databaseDeed(draw: Draw): Deed {
  return oneOf(draw, [true, false])
    ? { kind: 'restart-database', signal: oneOf(draw, ['SIGKILL', 'SIGTERM']) }
    : { kind: 'kill-connections', share: draw() };
}

function streamDeed(draw: Draw): Deed {
  return oneOf(draw, [true, false])
    ? { kind: 'stream-away', lasts: between(draw, 200, 1_500) }
    : { kind: 'throttle-hashes', from: draw(), lasts: between(draw, 500, 4_000) };
}
