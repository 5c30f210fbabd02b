import { checkDeliveries, type Deliveries } from './check-deliveries.ts';
import { checkLag, type LagCheck } from './check-lag.ts';
import { checkLate, type Late } from './check-late.ts';
import type { Deeds } from './in-lanes.ts';
import type { Delivered, LagReading, LeaseSample, Written } from './history.ts';
import { ownersOf } from './owners.ts';

/** Everything that a run wrote down. */
export interface History {
  readonly journal: readonly Written[];
  /** Each key's records in the stream's order. */
  readonly stream: readonly Delivered[];
  readonly leases: readonly LeaseSample[];
  readonly lag: readonly LagReading[];
  /** PutRecords that were answered with some records failed and some taken. */
  readonly partialFailures: number;
  /** PutRecords that the stream took and whose answer didn't arrive. */
  readonly lostAnswers: number;
  /** PutRecords with two records of one key. */
  readonly twoOfAKey: number;
}

export interface Verdict extends Deliveries, Late {
  readonly lag: LagCheck;
  readonly handOvers: number;
  readonly takeOvers: number;
  readonly partialFailures: number;
  readonly lostAnswers: number;
  /** What is broken, one line each; empty when nothing is. */
  readonly violations: readonly string[];
  /** Why the run proves nothing, one line each; empty when it proves something. */
  readonly void: readonly string[];
}

/** Below this the run was too kind to prove anything. */
export const LEAST = 20;

/** Of what there was too little, one line each. */
export const tooKind = (counts: Readonly<Record<string, number>>): string[] =>
  Object.entries(counts).flatMap(([what, count]) =>
    count < LEAST ? [`${count} ${what}, at least ${LEAST} are needed`] : [],
  );

/** What was to go wrong and never did, one line each. */
export const neverDone = ({ done, failed }: Deeds): string[] =>
  Object.entries(failed).flatMap(([kind, count]) =>
    kind in done ? [] : [`${kind} was tried and could not be done, ${count} times of ${count}`],
  );

export function judge(history: History): Verdict {
  const { journal, stream, partialFailures, lostAnswers } = history;
  const owners = ownersOf(history.leases);
  const deliveries = checkDeliveries(journal, stream);
  const late = checkLate(stream, owners);
  const lag = checkLag(history.lag, journal, stream);
  const first = (found: readonly unknown[]) =>
    found
      .slice(0, 3)
      .map((one) => JSON.stringify(one))
      .join(', ');
  const violations = [
    ['lost', deliveries.lost],
    ['reordered first deliveries', deliveries.reordered],
    ['aborted writes seen', deliveries.aborted],
    ['events in a record of another key', deliveries.strayed],
    ['late records beyond one per key and hand-over', late.beyond],
    ['lag understated', lag.understated],
  ].flatMap(([what, found]) =>
    found!.length > 0 ? [`${what as string}: ${found!.length}, first ${first(found as unknown[])}`] : [],
  );
  if (history.twoOfAKey > 0) violations.push(`requests with two records of one key: ${history.twoOfAKey}`);
  const tooFew = tooKind({
    'hand-overs': owners.handOvers,
    'times at which buckets changed hands': owners.takeOvers,
    'partial failures': partialFailures,
    'lost answers': lostAnswers,
    'readings of the lag that an event was held against': lag.held,
  });
  if (late.unseen >= LEAST) tooFew.push(`${late.unseen} repeated records of which nobody saw who sent them`);
  if (deliveries.undecided.length > 0)
    tooFew.push(
      `${deliveries.undecided.length} transactions of which nobody knows whether they were committed`,
    );
  return {
    ...deliveries,
    ...late,
    lag,
    handOvers: owners.handOvers,
    takeOvers: owners.takeOvers,
    partialFailures,
    lostAnswers,
    violations,
    void: tooFew,
  };
}
