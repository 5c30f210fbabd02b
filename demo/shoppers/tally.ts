export type Side = 'monolith' | 'inventory-service';

/** One answer, or the lack of one. */
export interface Observation {
  readonly request: string;
  /** What came: a status, or what went wrong on the wire. */
  readonly result: number | string;
  readonly expected: boolean;
  readonly milliseconds: number;
  /** For an inventory read: who asked, and who answered; `fallback`: why the monolith did in the service's place. */
  readonly read?: {
    readonly cohort: string;
    readonly side: string;
    readonly fallback?: string | undefined;
  };
}

/** What was seen between two toggles: how often each cohort's inventory reads were answered by which side. */
export interface StageTally {
  readonly name: string;
  readonly percent: number;
  readonly cohorts: Map<string, Map<string, number>>;
}

export interface Tally {
  requests: number;
  reads: number;
  readsOnService: number;
  /** Reads that the monolith answered in the service's place, by why. They tell nothing of where a cohort belongs. */
  readonly fallbacks: Map<string, number>;
  failed: number;
  /** What the first hundred of them were. */
  readonly failures: string[];
  /** Milliseconds of the latest answers, at most 2,000. */
  readonly latencies: number[];
  /** Undefined while a toggle is under way: what is answered then belongs to no stage. */
  stage: StageTally | undefined;
}

const KEPT_FAILURES = 100;
const KEPT_LATENCIES = 2_000;

export const createTally = (): Tally => ({
  requests: 0,
  reads: 0,
  readsOnService: 0,
  fallbacks: new Map(),
  failed: 0,
  failures: [],
  latencies: [],
  stage: undefined,
});

/** Counts one observation. `stage` is the one in force when the request began; it counts if it still is. */
export function observe(tally: Tally, stage: StageTally | undefined, seen: Observation): void {
  tally.requests += 1;
  tally.latencies.push(seen.milliseconds);
  if (tally.latencies.length > KEPT_LATENCIES) tally.latencies.splice(0, KEPT_LATENCIES / 2);
  if (!seen.expected) {
    tally.failed += 1;
    if (tally.failures.length < KEPT_FAILURES) tally.failures.push(`${seen.request}: ${seen.result}`);
  }
  if (!seen.read || !seen.expected) return;
  tally.reads += 1;
  if (seen.read.side === 'inventory-service') tally.readsOnService += 1;
  const { fallback } = seen.read;
  if (fallback !== undefined)
    return void tally.fallbacks.set(fallback, (tally.fallbacks.get(fallback) ?? 0) + 1);
  if (stage === undefined || stage !== tally.stage) return;
  const sides = stage.cohorts.get(seen.read.cohort) ?? new Map<string, number>();
  stage.cohorts.set(seen.read.cohort, sides.set(seen.read.side, (sides.get(seen.read.side) ?? 0) + 1));
}

/** Why the monolith answered in the service's place, if it did, from an answer's `Server-Timing`. */
export const fallbackIn = (timing: string | readonly string[] | undefined): string | undefined =>
  /\bbanyan;desc="fallback: ([^"]+)"/.exec(String(timing))?.[1];

export function openStage(name: string, percent: number): StageTally {
  return { name, percent, cohorts: new Map() };
}
