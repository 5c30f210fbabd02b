import { describe, expect, it } from 'vitest';
import {
  bySku,
  compareJournals,
  diaryAgrees,
  droppedSockets,
  failedRequests,
  monotonic,
  p99,
  repeatedEvents,
  shareOfCohorts,
  sticky,
} from '../../../demo/story/checks.ts';
import { openDiary, type Diary } from '../../../demo/shoppers/diary.ts';
import { openStage, type StageTally } from '../../../demo/shoppers/tally.ts';

const journal = (...entries: string[]) => new Map([['banyan', entries]]);

describe("the shop's journal against the service's", () => {
  it('finds nothing when every change arrived once and in order', () => {
    expect(compareJournals('stock', journal('a', 'b', 'c'), journal('a', 'b', 'c'))).toEqual({
      lost: 0,
      duplicated: 0,
      violations: [],
    });
  });

  it('names a lost change', () => {
    const { lost, duplicated, violations } = compareJournals(
      'stock',
      journal('a', 'b', 'c'),
      journal('a', 'c'),
    );
    expect({ lost, duplicated }).toEqual({ lost: 1, duplicated: 0 });
    expect(violations).toEqual(['lost: stock of banyan: b']);
  });

  it('names a change that was applied twice', () => {
    const { lost, duplicated, violations } = compareJournals(
      'stock',
      journal('a', 'b'),
      journal('a', 'b', 'b'),
    );
    expect({ lost, duplicated }).toEqual({ lost: 0, duplicated: 1 });
    expect(violations).toEqual(['duplicated or invented: stock of banyan: b']);
  });

  it('names a change that overtook another', () => {
    expect(compareJournals('stock', journal('a', 'b', 'c'), journal('a', 'c', 'b')).violations).toEqual([
      "out of order: stock of banyan: 'c' was applied where 'b' was next",
    ]);
  });

  it('names a product that only one side knows', () => {
    expect(compareJournals('price', journal('9.50'), new Map()).violations).toEqual([
      'lost: price of banyan: 9.50',
    ]);
    expect(compareJournals('price', new Map(), journal('9.50')).violations).toEqual([
      'duplicated or invented: price of banyan: 9.50',
    ]);
  });

  it('counts a value that came twice on both sides as right', () => {
    expect(compareJournals('price', journal('9', '8', '9'), journal('9', '8', '9')).violations).toEqual([]);
    expect(compareJournals('price', journal('9', '8', '9'), journal('9', '8')).lost).toBe(1);
  });

  it('names an event id that was applied twice', () => {
    expect(repeatedEvents(['e1', 'e2', 'e1'])).toEqual(['duplicated: event e1 was applied more than once']);
    expect(repeatedEvents(['e1', 'e2'])).toEqual([]);
  });
});

it('names each failed request', () => {
  expect(failedRequests(['GET /inventory/banyan: 502'])).toEqual([
    'failed request: GET /inventory/banyan: 502',
  ]);
  expect(failedRequests([])).toEqual([]);
});

describe('the share of cohorts', () => {
  it.each([
    [0, 0],
    [10, 40],
    [50, 200],
    [100, 400],
  ])('accepts what %i %% looks like', (percent, onService) => {
    expect(shareOfCohorts(stage('some', percent, 400, onService), 300)).toEqual([]);
  });

  it.each([
    [0, 1],
    [10, 15],
    [10, 70],
    [50, 150],
    [100, 399],
  ])('refuses what %i %% does not look like', (percent, onService) => {
    expect(shareOfCohorts(stage('some', percent, 400, onService), 300)[0]).toMatch(
      `some: ${onService} of 400 cohorts were on the service, required: `,
    );
  });

  it('says when too few cohorts were seen to tell', () => {
    expect(shareOfCohorts(stage('some', 50, 299, 150), 300)).toEqual([
      'some: only 299 cohorts were seen, 300 are required',
    ]);
  });

  it('names a cohort that changed sides within a stage', () => {
    const flipping = stage('50 %', 50, 2, 1);
    flipping.cohorts.get('c0')!.set('monolith', 1);
    expect(sticky(flipping)).toEqual(['50 %: cohort c0 flipped: inventory-service, then monolith']);
    expect(sticky(stage('50 %', 50, 2, 1))).toEqual([]);
  });

  it('names a cohort that a higher percentage moved back', () => {
    const lower = stage('10 %', 10, 2, 1);
    expect(monotonic(lower, stage('50 %', 50, 2, 2))).toEqual([]);
    expect(monotonic(lower, stage('50 %', 50, 2, 0))).toEqual([
      'cohort c0 was on the service at 10 % and on the monolith at 50 %',
    ]);
  });
});

describe("the shoppers' diary against the shop's tables", () => {
  const diary: Diary = {
    placed: [{ orderId: 7, sku: 'banyan', quantity: 2 }],
    cancelled: [7],
    prices: [{ sku: 'zz', price: '20.00' }],
    adjusted: [{ sku: 'zz', delta: -1 }],
  };
  const shop = {
    orderMovements: ['7 banyan -2', '7 banyan +2'],
    prices: bySku(diary.prices, ({ price }) => price),
    adjustments: bySku(diary.adjusted, ({ delta }) => String(delta)),
  };

  it('agrees when every answer of yes left its mark', () => {
    expect(diaryAgrees(diary, shop)).toEqual([]);
  });

  it('names an order whose stock change is missing, and one that nobody made', () => {
    expect(diaryAgrees(diary, { ...shop, orderMovements: ['7 banyan -2'] })).toEqual([
      'the shop has no stock movement for order 7 banyan +2',
    ]);
    expect(diaryAgrees(openDiary(), { ...shop, prices: new Map(), adjustments: new Map() })).toEqual([
      'nobody remembers order 7 banyan -2',
      'nobody remembers order 7 banyan +2',
    ]);
  });

  it('names a price that was accepted and is not there', () => {
    expect(diaryAgrees(diary, { ...shop, prices: new Map() })).toEqual(["lost: staff's prices of zz: 20.00"]);
  });
});

it('takes the 99th percentile by nearest rank', () => {
  expect(p99(Array.from({ length: 200 }, (_, index) => 200 - index))).toBe(198);
  expect(p99([5])).toBe(5);
  expect(p99([])).toBeUndefined();
});

/** A stage that saw `size` cohorts, the first `onService` of them on the service. */
function stage(name: string, percent: number, size: number, onService: number): StageTally {
  const opened = openStage(name, percent);
  for (let index = 0; index < size; index += 1) {
    opened.cohorts.set(`c${index}`, new Map([[index < onService ? 'inventory-service' : 'monolith', 2]]));
  }
  return opened;
}

describe('pages that are left open', () => {
  const watched = { held: 24, opened: 9, dropped: [] as string[], messages: 70 };

  it('are fine while none of their WebSockets breaks', () => {
    expect(droppedSockets(watched)).toEqual([]);
  });

  it('are named when one does, and show nothing when none had a message', () => {
    expect(droppedSockets({ ...watched, dropped: ['a WebSocket of stays-3 to monolith: 1006'] })).toEqual([
      'dropped: a WebSocket of stays-3 to monolith: 1006',
    ]);
    expect(droppedSockets({ ...watched, messages: 0 })).toEqual([
      'nothing was shown: no WebSocket had a message',
    ]);
  });
});
