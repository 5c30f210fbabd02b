import { expect, it } from 'vitest';
import { formatErased, isComplete, type Erased } from '../../cli/erase/format-erased.ts';

const whole: Erased = {
  key: 'order:7',
  before: { bucket: 1, pending: 0, parked: 0, settled: 1, erased: 0 },
  outbox: { kind: 'erased', events: 1 },
  gateways: [{ ops: '127.0.0.1:9101', gateway: 'g1', examples: 0, contexts: {} }],
  examplesOf: undefined,
  inboxes: [{ name: 'db/inventory', waiting: 0, parked: 1 }],
  notAsked: [],
  numbered: true,
  streams: [{ name: 's', kind: 'gone' }],
};

it.each<[string, Partial<Erased>, boolean]>([
  ['all were reached', {}, true],
  ['pending events are under way', { outbox: { kind: 'in-flight' } }, false],
  ['a gateway was not reached', { gateways: [{ ops: '127.0.0.1:9101', problem: 'away' }] }, false],
  ['an inbox was not reached', { inboxes: [{ name: 'db/inventory', problem: 'away' }] }, false],
  ['its events have numbers, and no inbox was named', { inboxes: [], notAsked: ['inventory'] }, false],
  ['its events have none', { inboxes: [], notAsked: ['inventory'], numbered: false }, true],
  ['there is no consumer', { inboxes: [] }, true],
  ['a consumer is in none of the inboxes named: it may keep no numbers', { notAsked: ['billing'] }, true],
])('where %s, it is known whether all is erased', (_what, changes, complete) => {
  expect(isComplete({ ...whole, ...changes })).toBe(complete);
});

it('says of which contexts examples were forgotten, over all gateways, since their evidence is lost', () => {
  const of = (gateway: string, examples: number, contexts: Record<string, number>) =>
    ({ ops: `${gateway}:9101`, gateway, examples, contexts }) as const;
  const gateways = [of('a', 3, { orders: 2, stock: 1, people: 0 }), of('b', 2, { orders: 2, stock: 0 })];
  expect(formatErased({ ...whole, gateways })).toContain(
    'examples: 5 (orders 4, stock 1) forgotten on 2 of 2 gateways\n',
  );
});

it('says of each stream what stays there until when, and why', () => {
  const until = new Date('2026-12-05T10:12:40.5Z');
  const of = (name: string, because: 'last' | 'unsure' | 'purged') =>
    ({ name, kind: 'until', until, because }) as const;
  const text = formatErased({
    ...whole,
    streams: [
      of('shop', 'last'),
      of('b', 'unsure'),
      of('c', 'purged'),
      { name: 'd', kind: 'gone' },
      { name: undefined, kind: 'unknown', why: 'denied' },
    ],
  });
  expect(text.split('\n').filter((line) => /^(the )?stream/.test(line))).toEqual([
    "stream shop: what was sent stays there until 2026-12-05T10:12:40Z, the stream's retention after the last of it; nobody can take it out before",
    'stream b: events that were erased while they were pending may be there until 2026-12-05T10:12:40Z: a relay may have sent them. Nobody can take them out before',
    'stream c: events that were purged from the outbox may be there until 2026-12-05T10:12:40Z; nobody can take them out before',
    'stream d: nothing of it can be there any more',
    "the stream: what was sent stays there for the stream's retention, 365 days at most; how long that is is unknown: denied",
  ]);
});
