import { expect, it } from 'vitest';
import { isComplete, type Erased } from '../../cli/erase/format-erased.ts';

const whole: Erased = {
  key: 'order:7',
  before: { bucket: 1, pending: 0, parked: 0, settled: 1, erased: 0, lastAcknowledged: null },
  outbox: { kind: 'erased', events: 1 },
  gateways: [{ ops: '127.0.0.1:9101', gateway: 'g1', examples: 0 }],
  inboxes: [{ name: 'db/inventory', waiting: 0, parked: 1 }],
  notAsked: [],
  numbered: true,
  stream: { name: 's', kind: 'gone' },
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
