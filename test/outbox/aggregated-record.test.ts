import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import {
  aggregate,
  aggregatedEventBytes,
  emptyAggregateBytes,
  openAggregate,
} from '../../outbox/aggregated-record.ts';

interface Record {
  readonly partitionKey: string;
  readonly data: Buffer;
}

/** AWS' own library; its types need the AWS SDK of version 2. */
const agg = createRequire(import.meta.url)('aws-kinesis-agg') as {
  deaggregateSync(
    record: { readonly data: string },
    computeChecksums: boolean,
    after: (error: Error | undefined, records: { partitionKey: string; data: string }[]) => void,
  ): void;
  RecordAggregator: new () => { addUserRecord(record: Record): unknown; build(): Record };
};

function openedByAws(data: Buffer): Record[] {
  let found: Record[] = [];
  agg.deaggregateSync({ data: data.toString('base64') }, true, (error, records) => {
    if (error) throw error;
    found = records.map((one) => ({ partitionKey: one.partitionKey, data: Buffer.from(one.data, 'base64') }));
  });
  return found;
}

let seed = 7;
const random = (below: number) => (seed = (seed * 16_807) % 2_147_483_647) % below;
const randomBytes = (length: number) => Buffer.from(Array.from({ length }, () => random(256)));
/** Lengths around the places where a varint becomes longer. */
const lengths = () => [0, 1, 121, 127, 128, 300, 16_378, 16_384][random(8)]! + random(3);
const packs = Array.from({ length: 60 }, (_, index) => ({
  key: `order:${'ü'.repeat(random(120))}${index}`,
  events: Array.from({ length: 1 + random(20) }, () => randomBytes(lengths())),
}));

test('what is packed is opened again, event by event, and has the size that was computed', () => {
  for (const { key, events } of packs) {
    const record = aggregate(key, events);
    expect(openAggregate(record)).toEqual(events);
    const sizes = events.map(({ byteLength }) => aggregatedEventBytes(byteLength));
    expect(record.byteLength).toBe(
      emptyAggregateBytes(Buffer.byteLength(key)) + sizes.reduce((sum, size) => sum + size, 0),
    );
  }
});

test("AWS' own library opens what is packed here", () => {
  for (const { key, events } of packs) {
    expect(openedByAws(aggregate(key, events))).toEqual(events.map((data) => ({ partitionKey: key, data })));
  }
});

test("what AWS' own library packed is opened here", () => {
  for (const { key, events } of packs) {
    const aggregator = new agg.RecordAggregator();
    for (const data of events) aggregator.addUserRecord({ partitionKey: key, data });
    expect(openAggregate(aggregator.build().data)).toEqual(events);
  }
});

test('a record with another byte anywhere, cut off, or in no such format is not opened', () => {
  const record = aggregate('order:1', [Buffer.from('{"n":1}'), Buffer.from('{"n":2}')]);
  for (let at = 0; at < record.byteLength; at += 1) {
    const broken = Buffer.from(record);
    broken[at]! ^= 1;
    expect([at, openAggregate(broken)]).toEqual([at, undefined]);
    expect([at, openAggregate(record.subarray(0, at))]).toEqual([at, undefined]);
  }
  expect(openAggregate(Buffer.from('{"specversion":"1.0"}'))).toBeUndefined();
});

test('a view into a larger buffer is opened like any other', () => {
  const record = aggregate('order:1', [Buffer.from('a'), Buffer.from('b')]);
  const page = Buffer.concat([Buffer.alloc(13), record, Buffer.alloc(5)]);
  const view = new Uint8Array(page.buffer, page.byteOffset + 13, record.byteLength);
  expect(openAggregate(view)?.map(String)).toEqual(['a', 'b']);
});
