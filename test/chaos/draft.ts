import { between } from './seeded.ts';

const [HOT_KEYS, COLD_KEYS] = [8, 5_000];

/** The names of all aggregates that writers write. */
export const AGGREGATES: readonly string[] = [
  ...Array.from({ length: HOT_KEYS }, (_, index) => `hot${index}`),
  ...Array.from({ length: COLD_KEYS }, (_, index) => `cold${index}`),
];

/** One transaction, drawn before it begins. */
export interface Draft {
  readonly keys: readonly { readonly name: string; readonly events: number }[];
  /** Milliseconds that it stays open after each key, and before it ends. */
  readonly pauses: readonly number[];
  readonly rollback: boolean;
}

/** Draws the next transaction of a writer; the same numbers give the same one. */
export function drawDraft(random: () => number): Draft {
  const names = new Set<string>();
  const count = between(random, 1, 3);
  while (names.size < count)
    names.add(
      random() < 0.2 ? `hot${between(random, 0, HOT_KEYS - 1)}` : `cold${between(random, 0, COLD_KEYS - 1)}`,
    );
  // In one order, so that writers never deadlock.
  const sorted = [...names].toSorted();
  const keys = sorted.map((name) => ({ name, events: random() < 0.1 ? between(random, 3, 12) : 1 }));
  // Nobody else is held up for seconds by a hot key.
  const long = random() < 0.004 && sorted.every((name) => name.startsWith('cold'));
  const pauses = keys.map(() => (long ? between(random, 1_000, 3_000) : between(random, 0, 25)));
  return { keys, pauses, rollback: random() < 0.05 };
}
