import type { HeldCounts, HeldReading } from './sequence-inbox.ts';

/** What the admin API is told; ages in milliseconds, null where there is none. */
export interface HeldFigures {
  /** Events that wait for a number before their own, and since when the one that has waited longest. */
  readonly waiting: number;
  readonly oldestWaitingMs: number | null;
  /** Those parked since their key has passed their number. */
  readonly parked: number;
  readonly oldestParkedMs: number | null;
}

/** What an application holds, as of the last look at the inbox and what this process has added since. */
export interface HeldEvents {
  /** An event that was recorded then is held at a gap. Milliseconds since 1970. */
  add(recorded: number): void;
  /** A look at the inbox begins. Returns what takes its result. */
  look(): (reading: HeldReading) => void;
  /** Undefined when the last look is too long ago; without numbers there is nothing to look at, and nothing held. */
  counts(): Readonly<Record<'gap' | 'known', Omit<HeldCounts, 'recorded'>>> | undefined;
  /** The same with ages as of now: null when nobody can say, undefined without numbers. */
  figures(): HeldFigures | null | undefined;
  /** When the oldest event was recorded that waits at a gap; undefined when none does. */
  oldest(): number | undefined;
  /** Why nobody can say. */
  problem(): string | undefined;
}

/** Longer ago than this, a look says nothing any more. Milliseconds. */
const STALE_AFTER = 20_000;

export function keepHeldEvents(numbers: boolean, now: () => number = Date.now): HeldEvents {
  const nothing = { events: 0, oldestSeconds: 0, recorded: undefined };
  let last: Omit<HeldReading, 'ready'> = { gap: nothing, known: nothing };
  let lookedAt: number | undefined;
  let added: number[] = [];
  const problem = () => {
    if (!numbers) return undefined;
    if (lookedAt === undefined) return 'what is held has not been read from the inbox';
    const ago = now() - lookedAt;
    return ago > STALE_AFTER ? `what is held could not be read from the inbox for ${ago} ms` : undefined;
  };
  return {
    add: (recorded) => void added.push(recorded),
    look() {
      const began = now();
      const before = added.length;
      return (reading) => {
        last = reading;
        lookedAt = began;
        added = added.slice(before);
      };
    },
    counts: () => (problem() === undefined ? last : undefined),
    figures() {
      if (!numbers) return undefined;
      if (problem() !== undefined) return null;
      const sinceLook = now() - lookedAt!;
      const ageOf = ({ events, oldestSeconds }: HeldCounts) =>
        events === 0 ? null : oldestSeconds * 1_000 + sinceLook;
      const { gap, known } = last;
      return {
        ...{ waiting: gap.events, oldestWaitingMs: ageOf(gap) },
        ...{ parked: known.events, oldestParkedMs: ageOf(known) },
      };
    },
    oldest: () => {
      const all = [...added, ...(last.gap.recorded === undefined ? [] : [last.gap.recorded])];
      return all.length === 0 ? undefined : all.reduce((a, b) => Math.min(a, b));
    },
    problem,
  };
}
