import { expect, test } from 'vitest';
import {
  judgeShadow,
  noCounts,
  reportShadow,
  sumShadowReports,
  wilson,
  type ShadowOutcome,
} from '../../contexts/index.ts';

const STRICT = { minMatch: 0.99, minSamples: 100 };
const judge = (counts: Partial<Record<ShadowOutcome, number>>) =>
  judgeShadow({ ...noCounts(), ...counts }, STRICT);

test.each([
  // Newcombe, "Two-sided confidence intervals for the single proportion" (1998), Table I, method 3.
  [81, 263, 0.2553, 0.3662],
  [15, 148, 0.0624, 0.1605],
  [0, 20, 0, 0.1611],
  [1, 29, 0.0061, 0.1718],
])('%i of %i are a share of %f to %f', (hits, total, lower, upper) => {
  expect(wilson(hits, total).lower).toBeCloseTo(lower, 4);
  expect(wilson(hits, total).upper).toBeCloseTo(upper, 4);
});

test('nothing seen may be anything', () => {
  expect(wilson(0, 0)).toEqual({ lower: 0, upper: 1 });
});

test('a route is go only when the lower bound of its match rate is high enough', () => {
  expect(judge({ match: 99 })).toMatchObject({ verdict: 'unknown', samples: 99 });
  expect(judge({ match: 200 })).toMatchObject({ verdict: 'unknown', rate: 1 });
  expect(judge({ match: 400 })).toMatchObject({ verdict: 'go' });
  expect(judge({ match: 400, mismatch: 1 })).toMatchObject({ verdict: 'unknown' });
  expect(judge({ match: 390, mismatch: 10 })).toMatchObject({ verdict: 'no-go' });
  expect(judge({ mismatch: 3 })).toMatchObject({ verdict: 'no-go', samples: 3 });
});

test('what is truncated or has no answer is never equal; noise is no difference', () => {
  expect(judge({ match: 400, truncated: 12 }).verdict).toBe('no-go');
  expect(judge({ match: 400, error: 12 }).verdict).toBe('no-go');
  expect(judge({ match: 200, noise: 200 }).verdict).toBe('go');
});

test('lag, and what could not be compared, says nothing either way', () => {
  const none = { lag: 500, unstable: 500, skipped: 500, dropped: 500 };
  expect(judge({ ...none })).toMatchObject({ verdict: 'unknown', samples: 0, rate: null });
  expect(judge({ ...none, match: 400 }).verdict).toBe('go');
});

test('a reason rounds nothing up to what is not reached', () => {
  expect(judge({ match: 380 }).reason).toContain('98.99 %');
});

const route = (name: string, counts: Partial<Record<ShadowOutcome, number>>) => {
  const all = { ...noCounts(), ...counts };
  return { route: name, ...judgeShadow(all, STRICT), counts: all, examples: [] };
};

test('a context is go when all its routes are, and tells how many have been compared', () => {
  const options = { ...STRICT, window: 1_000 };
  const report = (...counts: Partial<Record<ShadowOutcome, number>>[]) =>
    reportShadow(
      'inventory',
      options,
      counts.map((each, index) => route(`GET /${index}`, each)),
    );
  expect(report({ match: 400 }, { match: 400 })).toMatchObject({
    verdict: 'go',
    coverage: { routes: 2, covered: 2 },
  });
  expect(report({ match: 400 }, {})).toMatchObject({
    verdict: 'unknown',
    coverage: { routes: 2, covered: 1 },
  });
  expect(report({ match: 400 }, { mismatch: 200 }).verdict).toBe('no-go');
  expect(report().verdict).toBe('unknown');
});

test('what several gateways found is judged together', () => {
  const one = reportShadow('inventory', { ...STRICT, window: 1_000 }, [route('GET /a', { match: 200 })]);
  const other = reportShadow('inventory', { ...STRICT, window: 1_000 }, [
    route('GET /a', { match: 200, lag: 1 }),
    route('GET /b', { match: 400 }),
  ]);
  expect(one.verdict).toBe('unknown');
  expect(sumShadowReports([one, other])).toMatchObject({
    verdict: 'go',
    routes: [{ route: 'GET /a', samples: 400, counts: { lag: 1 } }, { route: 'GET /b' }],
  });
  expect(sumShadowReports([])).toBeUndefined();
});
