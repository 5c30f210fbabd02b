import { expect, test } from 'vitest';
import { explain, withKills as killedFor, type Kill, type Snapshot } from '../../contexts/index.ts';
import { shopAt } from './sample.ts';

const withKills = (snapshot: Snapshot, kills: ReadonlyMap<string, Kill>) => killedFor(snapshot, kills, 1_500);
const kill = (consent: Kill['consent'] = null): ReadonlyMap<string, Kill> =>
  new Map([
    ['inventory', { id: '1', at: '2026-11-28T03:00:00.000Z', by: 'ada@shop', reason: null, consent }],
  ]);
const EXTRACTED = { stage: 'extracted' } as const;
const read = (snapshot: Snapshot) =>
  explain(snapshot, { method: 'GET', target: '/inventory/a', headers: { cookie: 'sid=x' } });
const write = (snapshot: Snapshot) => explain(snapshot, { method: 'POST', target: '/inventory/a' });

test.each([EXTRACTED, { stage: 'canary', percent: 100 }, { stage: 'shadow' }, { stage: 'legacy' }] as const)(
  'reads of a killed context that is not retired go to the monolith whatever their stage (%o), and the decision says why',
  (reads) => {
    const killed = withKills(shopAt({ reads }), kill());
    expect(read(killed)).toEqual({
      upstream: 'monolith',
      context: 'inventory',
      route: 'GET /inventory/:sku',
      kind: 'read',
      reason: 'killed at 2026-11-28T03:00:00.000Z by ada@shop: reads → monolith',
      revision: 7,
      path: '/inventory/a',
    });
  },
);

test('writes of a killed context keep their owner', () => {
  const retired = shopAt({ reads: { stage: 'retired' }, writes: { stage: 'retired' } });
  expect(write(withKills(retired, kill('hold-writes')))).toEqual(write(retired));
  expect(write(withKills(shopAt({ reads: EXTRACTED }), kill()))).toMatchObject({ upstream: 'monolith' });
  const moved = shopAt({ reads: EXTRACTED, writes: EXTRACTED });
  expect(write(withKills(moved, kill('accept-loss')))).toEqual(write(moved));
});

test('writes are held where they have moved and that was asked for, and nowhere else', () => {
  const moved = withKills(shopAt({ reads: EXTRACTED, writes: EXTRACTED }), kill('hold-writes'));
  expect(write(moved)).toMatchObject({
    upstream: '',
    answer: { status: 503, fields: { 'retry-after': '2' } },
    reason: 'killed at 2026-11-28T03:00:00.000Z by ada@shop: writes are held → 503',
  });
  expect(read(moved)).not.toHaveProperty('answer');
  const here = withKills(shopAt({ reads: EXTRACTED }), kill('hold-writes'));
  expect(write(here)).toMatchObject({ upstream: 'monolith', reason: 'writes legacy → monolith' });
  expect(write(here)).not.toHaveProperty('answer');
});

test('a snapshot without kills is the very same one, and one that is released decides as before', () => {
  const snapshot = shopAt({ reads: EXTRACTED });
  expect(withKills(snapshot, new Map())).toBe(snapshot);
  const released = withKills(withKills(snapshot, kill()), new Map());
  expect(read(released)).toEqual(read(snapshot));
  expect(Object.isFrozen(withKills(snapshot, kill()))).toBe(true);
});
