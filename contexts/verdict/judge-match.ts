import type { ShadowReport } from '../shadow-report.ts';
import type { Criterion, Learned } from './criterion.ts';
import { count, percent, time } from './spell.ts';

/** How the service's answers compare, route by route; the weakest route counts. Thresholds are those of `shadow:`. */
export function judgeMatch(report: Learned<ShadowReport>): Criterion {
  const name = 'shadow match';
  if ('unknown' in report)
    return {
      name,
      outcome: 'unknown',
      reading: 'unknown',
      required: '–',
      evidence: '–',
      why: report.unknown,
      figures: {},
    };
  const { verdict, coverage, window, minMatch, minSamples, routes } = report.known;
  const samples = routes.reduce((sum, route) => sum + route.samples, 0);
  const weakest = routes.toSorted((a, b) => a.lower - b.lower)[0];
  const wanted = routes.find((route) => route.verdict === verdict && verdict !== 'go');
  return {
    name,
    outcome: verdict,
    reading: weakest
      ? `≥ ${floored(weakest.lower)} on ${coverage.covered} of ${count(coverage.routes, 'route')}`
      : 'no route can be shadowed',
    required: `≥ ${percent(minMatch)} each`,
    evidence: `${count(samples, 'read')}, ${time(window)}`,
    why: wanted
      ? `${wanted.route}: ${wanted.reason}`
      : weakest
        ? 'every route matches'
        : 'no route can be shadowed',
    figures: {
      ...{
        lowerPercent: weakest ? Math.floor(weakest.lower * 1e4) / 1e2 : null,
        minMatchPercent: minMatch * 100,
      },
      ...{ samples, minSamples, routes: coverage.routes, covered: coverage.covered },
    },
  };
}

/** Never rounded up to what isn't reached. */
const floored = (share: number) => `${Math.floor(share * 10_000 + 1e-9) / 100} %`;
