import { expect, test } from 'vitest';
import { endingOf, type AuditedRow } from '../../../outbox/completeness/row-ending.ts';

const sent: AuditedRow = {
  ...{ id: 1, event_id: 'e', type: 'OrderPlaced', partition_key: 'order:1', state: 'settled' },
  ...{ outcome: 'acknowledged', settled_epoch: 3, epoch: 4, shard_id: 'shardId-0', sequence_number: '49' },
  ...{ parked_reason: null, sequence: null, replay: null },
};
const kind = (row: Partial<AuditedRow>) => endingOf({ ...sent, ...row }).kind;

test('a row is acknowledged by the number of the stream and an epoch that was', () => {
  expect(kind({})).toBe('acknowledged');
  expect(kind({ outcome: null })).toBe('acknowledged');
  expect(kind({ state: 'pending' })).toBe('open');
  expect(kind({ state: 'parked' })).toBe('open');
});

test('one that was settled without being sent is a hole, however it says that it was', () => {
  const unsent = { shard_id: null, sequence_number: null };
  expect(kind({ ...unsent, outcome: null, settled_epoch: null })).toBe('hole');
  expect(kind({ ...unsent, outcome: null })).toBe('hole');
  expect(kind(unsent)).toBe('hole');
  expect(kind({ ...unsent, outcome: 'silent' })).toBe('hole');
  expect(kind({ sequence_number: 'later' })).toBe('hole');
  expect(kind({ settled_epoch: null })).toBe('hole');
  expect(kind({ settled_epoch: 5 })).toBe('hole');
});

test('what was not to be sent is counted by its name', () => {
  const unsent = { shard_id: null, sequence_number: null };
  expect(kind({ ...unsent, type: 'row.catalogue.update', outcome: 'silent' })).toBe('silent');
  expect(kind({ ...unsent, type: 'row.catalogue.update', outcome: null })).toBe('silent');
  for (const outcome of ['skipped', 'discarded', 'erased'] as const)
    expect(kind({ ...unsent, outcome, settled_epoch: null })).toBe(outcome);
  expect(kind({ ...unsent, outcome: null, settled_epoch: null, parked_reason: 'too large' })).toBe(
    'discarded',
  );
});
