import { wilson } from './wilson.ts';

/**
 * What became of a shadowed read that was sampled. Judged are `match` (no difference), `noise` (none but what differs
 * between two answers of the monolith, too), `mismatch`, `truncated` (a body above the limit, never equal) and `error`
 * (no answer of the extracted service). Not judged: `lag` (a difference so soon after a write of the same cohort
 * that the event may be on its way), `unstable` (the monolith's own two answers have nothing in common), `skipped` (its
 * answer is nothing to compare with) and `dropped` (no room).
 */
export const SHADOW_OUTCOMES = [
  'match',
  'noise',
  'mismatch',
  'truncated',
  'error',
  'lag',
  'unstable',
  'skipped',
  'dropped',
] as const;

export type ShadowOutcome = (typeof SHADOW_OUTCOMES)[number];
export type ShadowCounts = Readonly<Record<ShadowOutcome, number>>;

/** What a verdict takes. */
export interface ShadowThresholds {
  /** The least share of answers that match, 0 to 1. */
  readonly minMatch: number;
  /** The fewest comparisons. */
  readonly minSamples: number;
}

/** *go*, *no-go* or, until there is enough evidence for either, *unknown*; which counts as no. */
export type Verdict = 'go' | 'no-go' | 'unknown';

/** A verdict and the evidence for it. */
export interface ShadowJudgement {
  /** Comparisons that are judged. */
  readonly samples: number;
  readonly matches: number;
  /** matches / samples; null without any. */
  readonly rate: number | null;
  /** The true rate is at least and at most this, at 95 % confidence (Wilson). */
  readonly lower: number;
  readonly upper: number;
  readonly verdict: Verdict;
  /** For people: why. */
  readonly reason: string;
}

/** Where two answers differ, without secrets and personal values. */
export interface ShadowDifference {
  /** `status`, `field location`, `body`, or a JSONPath with `[*]` for every entry of an array: `$.items[*].price`. */
  readonly at: string;
  /** The very place, where it isn't the same: `$.items[3].price`. */
  readonly place?: string;
  /** What each side has there, cut where it is long; absent where it has nothing. */
  readonly monolith?: string;
  readonly extracted?: string;
}

/** A mismatch as it is kept for people to look at. */
export interface ShadowExample {
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly method: string;
  /** The monolith's target; the query's values are never kept. */
  readonly target: string;
  readonly differences: readonly ShadowDifference[];
}

export interface ShadowRouteReport extends ShadowJudgement {
  readonly route: string;
  readonly counts: ShadowCounts;
  readonly examples: readonly ShadowExample[];
}

/** What one gateway, or several together, found out about a context. */
export interface ShadowReport extends ShadowThresholds {
  readonly context: string;
  /** Milliseconds that comparisons count. */
  readonly window: number;
  readonly verdict: Verdict;
  /** Of the routes that can be shadowed: how many there are, and how many have enough comparisons. */
  readonly coverage: { readonly routes: number; readonly covered: number };
  readonly routes: readonly ShadowRouteReport[];
}

/** `GET /shadow` of a gateway's ops port. */
export interface ShadowPage {
  readonly gateway: string;
  /** Of this process alone: two addresses may lead to the same one. */
  readonly instance: string;
  readonly contexts: readonly ShadowReport[];
}

/** What a gateway answers when it has forgotten its examples. */
export interface ShadowErased {
  readonly gateway: string;
  readonly instance: string;
  /** How many there were, together and by context. */
  readonly examples: number;
  readonly contexts: Readonly<Record<string, number>>;
}

/** Judges one route. Fewer comparisons than `minSamples` are never a *go*; a rate that is surely too low is a *no-go*. */
export function judgeShadow(
  counts: ShadowCounts,
  { minMatch, minSamples }: ShadowThresholds,
): ShadowJudgement {
  const matches = counts.match + counts.noise;
  const samples = matches + counts.mismatch + counts.truncated + counts.error;
  const { lower, upper } = wilson(matches, samples);
  const rate = samples === 0 ? null : matches / samples;
  const judged = { samples, matches, rate, lower, upper };
  const range = `the match rate is ${share(lower)} to ${share(upper)}`;
  if (samples > 0 && upper < minMatch)
    return { ...judged, verdict: 'no-go', reason: `${range}; required is ${share(minMatch)}` };
  if (samples < minSamples)
    return {
      ...judged,
      verdict: 'unknown',
      reason: `${samples} of ${minSamples} comparisons`,
    };
  if (lower >= minMatch)
    return { ...judged, verdict: 'go', reason: `${range}; required is ${share(minMatch)}` };
  return {
    ...judged,
    verdict: 'unknown',
    reason: `${range}: not enough comparisons to tell whether it is ${share(minMatch)}`,
  };
}

/** Joins the routes of a context: it is *go* when all of them are. */
export function reportShadow(
  context: string,
  { window, minMatch, minSamples }: ShadowThresholds & { readonly window: number },
  routes: readonly ShadowRouteReport[],
): ShadowReport {
  const verdicts = new Set(routes.map(({ verdict }) => verdict));
  return {
    ...{ context, window, minMatch, minSamples },
    verdict: verdicts.has('no-go')
      ? 'no-go'
      : verdicts.has('unknown') || verdicts.size === 0
        ? 'unknown'
        : 'go',
    coverage: {
      routes: routes.length,
      covered: routes.filter(({ samples }) => samples >= minSamples).length,
    },
    routes,
  };
}

/** What several gateways found out about one context, added up. The thresholds are those of the strictest. */
export function sumShadowReports(reports: readonly ShadowReport[], examples = 10): ShadowReport | undefined {
  const [first] = reports;
  if (!first) return undefined;
  const thresholds = {
    window: Math.min(...reports.map(({ window }) => window)),
    minMatch: Math.max(...reports.map(({ minMatch }) => minMatch)),
    minSamples: Math.max(...reports.map(({ minSamples }) => minSamples)),
  };
  const all = reports.flatMap(({ routes }) => routes);
  const names = [...new Set(all.map(({ route }) => route))];
  const routes = names.map((route): ShadowRouteReport => {
    const same = all.filter((one) => one.route === route);
    const counts = noCounts();
    for (const one of same)
      for (const outcome of SHADOW_OUTCOMES) counts[outcome] += one.counts[outcome] ?? 0;
    return {
      route,
      ...judgeShadow(counts, thresholds),
      counts,
      examples: same
        .flatMap((one) => one.examples)
        .toSorted((a, b) => (a.at < b.at ? 1 : -1))
        .slice(0, examples),
    };
  });
  return reportShadow(first.context, thresholds, routes);
}

export function noCounts(): Record<ShadowOutcome, number> {
  return Object.fromEntries(SHADOW_OUTCOMES.map((outcome) => [outcome, 0])) as Record<ShadowOutcome, number>;
}

/** `99.04 %`, never rounded up to what isn't reached. */
function share(value: number): string {
  return `${Math.floor(value * 10_000 + 1e-9) / 100} %`;
}
