import { getFips, hash } from 'node:crypto';

/**
 * Several events in one Kinesis record, in the KPL's aggregated format: four magic bytes, a protobuf message, its MD5.
 * https://github.com/awslabs/amazon-kinesis-producer/blob/master/aggregation-format.md
 *
 *     message AggregatedRecord { repeated string partition_key_table = 1; repeated string explicit_hash_key_table = 2; repeated Record records = 3; }
 *     message Record { required uint64 partition_key_index = 1; optional uint64 explicit_hash_key_index = 2; required bytes data = 3; repeated Tag tags = 4; }
 */
const MAGIC = Buffer.from([0xf3, 0x89, 0x9a, 0xc2]);
const MD5_BYTES = 16;
// Fields of length-delimited type (2), and of type varint (0): https://protobuf.dev/programming-guides/encoding/
const KEY_TABLE = (1 << 3) | 2;
const RECORDS = (3 << 3) | 2;
const KEY_INDEX = (1 << 3) | 0;
const DATA = (3 << 3) | 2;

/** Whether this process can make and check MD5 sums, which the format needs: not in FIPS mode. */
export const CAN_AGGREGATE = getFips() !== 1;

/** The record that holds `events`, in this order, all of one key. Pure. */
export function aggregate(key: string, events: readonly Uint8Array[]): Buffer {
  const name = Buffer.from(key);
  const message = Buffer.concat([
    Buffer.from([KEY_TABLE, ...varint(name.byteLength)]),
    name,
    ...events.flatMap((data) => {
      const head = Buffer.from([KEY_INDEX, 0, DATA, ...varint(data.byteLength)]);
      return [Buffer.from([RECORDS, ...varint(head.byteLength + data.byteLength)]), head, data];
    }),
  ]);
  return Buffer.concat([MAGIC, message, hash('md5', message, 'buffer')]);
}

/** Bytes of the data of an aggregated record without any event; the key as it stands in it included. */
export function emptyAggregateBytes(keyBytes: number): number {
  return MAGIC.byteLength + 1 + varint(keyBytes).length + keyBytes + MD5_BYTES;
}

/** Bytes that an event of so many bytes takes in an aggregated record. */
export function aggregatedEventBytes(bytes: number): number {
  const record = 3 + varint(bytes).length + bytes;
  return 1 + varint(record).length + record;
}

/**
 * The data of each event in a record, in order; undefined if the record isn't in the aggregated format: the magic
 * bytes or the MD5 sum are others, or the message can't be read. In FIPS mode the sum isn't checked.
 */
export function openAggregate(data: Uint8Array): Buffer[] | undefined {
  const all = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  if (all.byteLength < MAGIC.byteLength + MD5_BYTES || !MAGIC.equals(all.subarray(0, MAGIC.byteLength)))
    return undefined;
  const message = all.subarray(MAGIC.byteLength, -MD5_BYTES);
  if (CAN_AGGREGATE && !hash('md5', message, 'buffer').equals(all.subarray(-MD5_BYTES))) return undefined;
  try {
    return [...fields(message)]
      .filter(({ tag }) => tag === RECORDS)
      .map(({ bytes }) => {
        const data = [...fields(bytes)].findLast(({ tag }) => tag === DATA);
        if (data === undefined) throw new RangeError('a record without data');
        return data.bytes;
      });
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Numbers below 2^53 in groups of seven bits, the lowest first. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest % 128) + 128);
  }
}

/** The fields of a protobuf message; those without bytes of their own are passed over, as unknown ones are. */
function* fields(message: Buffer): Generator<{ tag: number; bytes: Buffer }> {
  let at = 0;
  const take = (count: number): Buffer => {
    if (at + count > message.byteLength) throw new RangeError('the message ends in the middle of a field');
    at += count;
    return message.subarray(at - count, at);
  };
  const number = (): number => {
    let value = 0;
    for (let factor = 1; factor <= 2 ** 63; factor *= 128) {
      const byte = take(1)[0]!;
      value += (byte % 128) * factor;
      if (byte < 128) return value;
    }
    throw new RangeError('a number of more than 64 bits');
  };
  while (at < message.byteLength) {
    const tag = number();
    const wireType = tag % 8;
    if (wireType === 0) number();
    else if (wireType === 1) take(8);
    else if (wireType === 2) yield { tag, bytes: take(number()) };
    else if (wireType === 5) take(4);
    else throw new RangeError(`wire type ${wireType}`);
  }
}
