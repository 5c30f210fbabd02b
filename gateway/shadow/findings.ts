import { canShadow, noCounts, type Config, type ShadowOutcome } from '../../contexts/index.ts';
import { DROPS, type Drop } from './copy-queue.ts';
import { openExamples, type Examples } from './examples.ts';
import { recentWrites, type RecentWrites } from './recent-writes.ts';
import { openTally, type Tally } from './tally.ts';

/** What shadowing one context has found out. It outlives a reload that changes nothing of what was compared. */
export interface Findings {
  /** Equal while the same is compared in the same way. */
  readonly key: string;
  /** By route as written. */
  readonly tallies: ReadonlyMap<string, Tally>;
  readonly examples: Examples;
  readonly writes: RecentWrites;
  /** Outcomes and drops since the start. */
  readonly totals: Record<ShadowOutcome, number>;
  readonly drops: Record<Drop, number>;
}

/** Those of before where nothing has changed: the context itself, and the two that are compared. */
export function findingsOf(config: Config, context: string, before?: Findings): Findings {
  const written = config.contexts[context]!;
  const { upstreams, monolith } = config;
  const key = JSON.stringify([written, upstreams[written.upstream], upstreams[monolith]]);
  if (before?.key === key) return before;
  const { window, maxLag } = written.shadow;
  return {
    key,
    tallies: new Map(written.routes.filter(canShadow).map(({ match }) => [match, openTally(window)])),
    examples: openExamples(),
    writes: recentWrites(maxLag),
    totals: noCounts(),
    drops: Object.fromEntries(DROPS.map((why) => [why, 0])) as Record<Drop, number>,
  };
}
