import { expect, test } from 'vitest';
import { openAggregate } from '../../outbox/aggregated-record.ts';
import { MOST_PACKED, nextRecord, recordData } from '../../relay/next-record.ts';
import type { Prepared } from '../../relay/prepare.ts';
import { KINESIS_LIMITS } from '../../relay/publisher.ts';

const limits = { ...KINESIS_LIMITS, aggregation: 'same-key' as const };
const row = { id: 1, type: 'T', key: 'k', bucket: 1 };
const record = (bytes = 300): Prepared => ({
  row,
  kind: 'record',
  data: Buffer.alloc(bytes, 'x'),
  bytes: bytes + 1,
});
const rows = (count: number, bytes?: number) => Array.from({ length: count }, () => record(bytes));
const next = (rows: Prepared[], more: Partial<typeof limits> | { aggregation: 'none' } = {}, most?: number) =>
  nextRecord({ key: 'k', rows, ...(most === undefined ? {} : { most }) }, { ...limits, ...more });

test('as many events as are there are packed, and the bytes are those of the record with its key', () => {
  for (const count of [2, 5, 200]) {
    const found = next(rows(count))!;
    expect(found.rows).toBe(count);
    const data = recordData('k', rows(count));
    expect(found.bytes).toBe(data.byteLength + 1);
    expect(openAggregate(data)).toHaveLength(count);
  }
});

test('one event goes as it is, and so does each without aggregation', () => {
  expect(next(rows(1))).toEqual({ rows: 1, bytes: 301 });
  expect(recordData('k', rows(1)).toString()).toBe('x'.repeat(300));
  expect(next(rows(5), { aggregation: 'none' })).toEqual({ rows: 1, bytes: 301 });
});

test('a record has no more events than 256, bytes than 256 KiB, the record limit or the request takes', () => {
  expect(next(rows(1_000))!.rows).toBe(MOST_PACKED);
  expect(next(rows(10, 100_000))!.rows).toBe(2);
  expect(next(rows(10, 1_000), { recordBytes: 5_200 })!.rows).toBe(5);
  expect(next(rows(10, 1_000), { requestBytes: 3_100 })!.rows).toBe(3);
  expect(next(rows(10, 300_000))!.rows).toBe(1);
});

test('what is not to be sent ends a record, and is none', () => {
  const silent: Prepared = { row, kind: 'silent' };
  expect(next([...rows(3), silent, ...rows(3)])!.rows).toBe(3);
  expect(next([record(), silent, record()])!.rows).toBe(1);
  expect(next([silent, record()])).toBeUndefined();
  expect(next([])).toBeUndefined();
});

test('after a record in doubt no more of the key is sent than it carried', () => {
  expect(next(rows(5), {}, 3)!.rows).toBe(3);
  expect(next(rows(5), {}, 1)).toEqual({ rows: 1, bytes: 301 });
});
