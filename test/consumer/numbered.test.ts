import { expect, test } from 'vitest';
import { numbered } from '../../consumer/numbered.ts';
import type { CloudEvent } from '../../outbox/event.ts';
import { sequenced } from './counting.ts';
import { numberedEvent } from './events.ts';

const numberOf = (more: Record<string, unknown> = {}) =>
  numbered(sequenced, { ...numberedEvent('k', 7), ...more } as CloudEvent)?.number;

test('an event of an aggregate that is `ordered: sequence` has its number, whatever its type', () => {
  expect(numbered(sequenced, numberedEvent('a:b', 7))).toMatchObject({ key: 'counter:a:b', number: 7n });
  expect(numberOf({ type: 'Anything' })).toBe(7n);
  expect(numberOf({ sequence: '18446744073709551615' })).toBe(2n ** 64n - 1n);
});

test.each([
  ['no registry declares it', undefined],
  ['its aggregate has no numbers', { partitionkey: 'order:k' }],
  ['its key has no aggregate', { partitionkey: 'counter' }],
  ['it has no key', { partitionkey: undefined }],
  ['its key is none of an outbox', { partitionkey: `counter:${'x'.repeat(250)}` }],
  ['it is a replay', { replayid: 'r' }],
  ['it has no number', { sequence: undefined }],
  ['its number is a number', { sequence: 7 }],
  ['its number is none', { sequence: 'seven' }],
  ['its number is 0', { sequence: '00000000000000000000' }],
  ['no database can hold its number', { sequence: '18446744073709551616' }],
])('it has none that counts when %s', (_, more) => {
  if (more) expect(numberOf(more)).toBeUndefined();
  else expect(numbered(undefined, numberedEvent('k', 7))).toBeUndefined();
});
