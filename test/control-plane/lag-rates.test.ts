import { expect, test } from 'vitest';
import { watchRates } from '../../control-plane/lag/rates.ts';
import type { Sample } from '../../control-plane/lag/sample.ts';

const all = () => true;

/** The outbox `seconds` after the beginning: pending by type, settled counts by relay, seconds since their heartbeat. */
function sample(
  seconds: number,
  pending: Record<string, number>,
  relays: Record<string, Record<string, number>>,
  seenAgo = 0,
): Sample {
  return {
    databaseTime: seconds * 1_000,
    readAt: 0,
    askedAt: seconds * 1_000,
    types: Object.entries(pending).map(([type, n]) => ({
      ...{ type, pending: n, oldestAgeMs: 1 },
      ...{ parked: 0, oldestParkedAgeMs: null },
    })),
    relays: Object.entries(relays).map(([relay, settledByType]) => ({
      ...{ relay, settledByType },
      seenAgoMs: seenAgo * 1_000,
    })),
    openTransaction: { state: 'none' },
    backfillDue: [],
  };
}

test('one sample tells no rate', () => {
  const watch = watchRates();
  watch.add(sample(0, { A: 5 }, { r: { A: 100 } }));
  expect(watch.rates(all)).toBeUndefined();
});

test('out is what the relays settled, in is that and what is waiting more', () => {
  const watch = watchRates();
  watch.add(sample(0, { A: 5, B: 1 }, { r: { A: 100 }, s: { B: 7 } }));
  watch.add(sample(2, { A: 15, B: 1 }, { r: { A: 110 }, s: { B: 9 } }));
  expect(watch.rates((type) => type === 'A')).toEqual({ rateIn: 10, rateOut: 5 });
  expect(watch.rates(all)).toEqual({ rateIn: 11, rateOut: 6 });
  expect(watch.types()).toEqual(['A', 'B']);
});

test('without any relay nothing goes out', () => {
  const watch = watchRates();
  watch.add(sample(0, { A: 5 }, {}));
  watch.add(sample(2, { A: 9 }, {}));
  expect(watch.rates(all)).toEqual({ rateIn: 2, rateOut: 0 });
});

test('the window is ten seconds: what was before does not count', () => {
  const watch = watchRates();
  watch.add(sample(0, {}, { r: { A: 0 } }));
  watch.add(sample(1, {}, { r: { A: 1_000 } }));
  for (let second = 2; second <= 30; second += 1) watch.add(sample(second, {}, { r: { A: 1_000 + second } }));
  expect(watch.rates(all)).toEqual({ rateIn: 1, rateOut: 1 });
});

test('a steady rate stays steady between the heartbeats, however far apart they are', () => {
  for (const every of [1, 3, 7, 20]) {
    const watch = watchRates();
    for (let second = 0; second <= 100; second += 1) {
      const beat = second - (second % every);
      watch.add(sample(second, {}, { r: { A: 4 * beat } }, second - beat));
      if (second > 2 * every) expect(watch.rates(all)).toEqual({ rateIn: 4, rateOut: 4 });
    }
  }
});

test('a relay that restarts goes on from zero, and a rate is never negative', () => {
  const watch = watchRates();
  watch.add(sample(0, {}, { r: { A: 100 } }));
  expect(watch.rates(all)).toBeUndefined();
  watch.add(sample(1, {}, { r: { A: 3 } }));
  expect(watch.rates(all)).toEqual({ rateIn: 3, rateOut: 3 });
});

test('a relay that left or is silent settles nothing, and one that joined counts from its second heartbeat', () => {
  const watch = watchRates();
  watch.add(sample(0, {}, { r: { A: 0 }, s: { A: 0 } }));
  watch.add(sample(1, {}, { r: { A: 5 }, s: { A: 50 } }));
  expect(watch.rates(all)?.rateOut).toBe(55);
  watch.add(sample(2, {}, { r: { A: 10 }, t: { A: 1_000 } }));
  expect(watch.rates(all)?.rateOut).toBe(5);
  watch.add(sample(3, {}, { r: { A: 15 }, t: { A: 1_002 } }));
  expect(watch.rates(all)?.rateOut).toBe(7);
  watch.add(sample(14, {}, { r: { A: 15 }, t: { A: 1_002 } }, 11));
  expect(watch.rates(all)?.rateOut).toBe(0);
});

test('rows that went before the relay has counted them do not make a rate negative', () => {
  const watch = watchRates();
  watch.add(sample(0, { A: 10 }, { r: { A: 0 } }));
  watch.add(sample(1, { A: 0 }, { r: { A: 0 } }));
  expect(watch.rates(all)).toEqual({ rateIn: 0, rateOut: 0 });
});
