import type { Verdict } from '../shadow-report.ts';

/** One thing that a context is judged by. */
export interface Criterion {
  readonly name:
    | 'gateways'
    | 'kill switch'
    | 'service'
    | 'lag'
    | 'held'
    | 'parked'
    | 'backfill'
    | 'shadow match'
    | `${'read' | 'write'} errors`
    | `${'read' | 'write'} ${'p95' | 'p99'}`;
  /** `none`: shown, and there is nothing to judge it by. */
  readonly outcome: Verdict | 'none';
  /** What was read, with its unit. */
  readonly reading: string;
  readonly required: string;
  /** How much of it there is, and how old it is. */
  readonly evidence: string;
  /** Why the outcome is what it is; what is missing where it is unknown. */
  readonly why: string;
  /** The same in numbers; the unit is in the name. Null is unknown, or infinite. */
  readonly figures: Readonly<Record<string, number | null>>;
}

/** A no-go anywhere is one; what is unknown is unknown; what there is nothing to judge by says nothing. */
export function joinOutcomes(criteria: readonly Pick<Criterion, 'outcome'>[]): Verdict {
  const outcomes = new Set(criteria.map(({ outcome }) => outcome));
  return outcomes.has('no-go') ? 'no-go' : outcomes.has('unknown') || outcomes.size === 0 ? 'unknown' : 'go';
}

/** A reading, or why there is none. */
export type Learned<T> = { readonly known: T } | { readonly unknown: string };
