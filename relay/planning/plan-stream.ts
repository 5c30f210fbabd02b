import { MOST_PACKED } from '../next-record.ts';
import type { StreamPrices } from './stream-prices.ts';

/** What is to be carried. */
export interface Load {
  /** Events a second, at the peak that must be held. */
  readonly rate: number;
  /** Bytes of one event with its envelope and key. */
  readonly size: number;
  /** Keys that the events are spread over evenly. */
  readonly keys: number;
  /** Milliseconds from sending a record to its acknowledgement. */
  readonly roundTrip: number;
  /** Consumer applications that read all of it with shared throughput. */
  readonly consumers: number;
  /** Share of a shard that is planned with, from 0 to 1: keys are never spread quite evenly. */
  readonly use: number;
}

export interface StreamPlan {
  readonly mode: 'provisioned' | 'on-demand';
  readonly packing: 'none' | 'same-key';
  readonly eventsPerRecord: number;
  readonly recordsPerSecond: number;
  readonly bytesPerSecond: number;
  /** Shards to be provisioned; with on-demand those that AWS would need, of its own making. */
  readonly shards: number;
  readonly monthly: number;
  /** Why it would not hold the load; empty when it would. */
  readonly notes: readonly string[];
}

/** A shard's limits: https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html */
export const SHARD = { records: 1_000, bytesIn: 1_048_576, bytesOut: 2 * 1_048_576 };
/** What a new on-demand stream takes at once; later up to twice the peak of the last 30 days. */
const ON_DEMAND_START = { records: 4_000, bytes: 4 * 1_048_576 };
/** What an account may have before a quota is raised; in some regions it is more. */
const QUOTA = { shards: 500, onDemandBytes: 200_000_000 };
const RECORD = 1_048_576;
/** Bytes of the aggregated format: magic and digest, the key, and what each event has around it. */
const [PER_RECORD, PER_EVENT] = [20 + 64, 8];
const [PUT_UNIT, KB, GB] = [25 * 1_024, 1_024, 1_024 ** 3];

/** The four ways of carrying a load. Pure. */
export function planStream(load: Load, prices: StreamPrices): StreamPlan[] {
  return (['none', 'same-key'] as const).flatMap((packing) => {
    const stream = recordsOf(load, packing);
    return [provisioned(load, stream, prices), onDemand(load, stream, prices)];
  });
}

type Records = Pick<
  StreamPlan,
  'packing' | 'eventsPerRecord' | 'recordsPerSecond' | 'bytesPerSecond' | 'notes'
> & { readonly kinds: readonly RecordKind[] };

/** Records of one kind: all of one size, or about that size. */
interface RecordKind {
  readonly perSecond: number;
  readonly bytes: number;
  readonly exact: boolean;
}

/**
 * While a record of a key is on its way, L = rate / keys × round trip further events of it come. Packed, they are the
 * next record, so that a record has L + e^-L events on average if they come at random: 1 where L is small, L where it is
 * great. Unpacked each takes a round trip, and a key has no more of them than fit into a second.
 */
function recordsOf({ rate, size, keys, roundTrip }: Load, packing: StreamPlan['packing']): Records {
  const meanwhile = (rate / keys) * (roundTrip / 1_000);
  const most = Math.max(1, Math.min(MOST_PACKED, Math.floor((RECORD - PER_RECORD) / (size + PER_EVENT))));
  const eventsPerRecord = packing === 'none' ? 1 : Math.min(most, meanwhile + Math.exp(-meanwhile));
  const recordsPerSecond = rate / eventsPerRecord;
  // A record of one event is sent as it is; of the others this is the share, and how many events they have.
  const packed = packing === 'none' ? 0 : 1 - Math.exp(-meanwhile) * (1 + meanwhile);
  const events = packed === 0 ? 0 : (eventsPerRecord - (1 - packed)) / packed;
  const kinds: RecordKind[] = [
    { perSecond: recordsPerSecond * (1 - packed), bytes: size, exact: true },
    { perSecond: recordsPerSecond * packed, bytes: events * (size + PER_EVENT) + PER_RECORD, exact: false },
  ];
  const bytesPerSecond = sum(kinds, ({ bytes }) => bytes);
  const notes = [
    ...(size > RECORD ? [`an event of ${size} bytes is larger than a record of 1 MiB`] : []),
    ...(meanwhile > (packing === 'none' ? 1 : most)
      ? [
          `a key has ${round(rate / keys)} events a second, and ${round((packing === 'none' ? 1 : most) / (roundTrip / 1_000))} can be acknowledged: the lag grows without end`,
        ]
      : []),
    ...((rate / keys) * size > SHARD.bytesIn
      ? ['a single key has more than a shard takes, 1 MiB a second: no number of shards helps']
      : []),
  ];
  return {
    packing,
    eventsPerRecord,
    recordsPerSecond,
    kinds,
    bytesPerSecond,
    notes,
  };
}

function shardsFor(
  { consumers, use }: Load,
  { recordsPerSecond, bytesPerSecond }: Omit<Records, 'kinds'>,
): number {
  const needed = Math.max(
    recordsPerSecond / SHARD.records,
    bytesPerSecond / SHARD.bytesIn,
    (bytesPerSecond * consumers) / SHARD.bytesOut,
  );
  return Math.max(1, Math.ceil(needed / use));
}

function provisioned(load: Load, { kinds, ...stream }: Records, prices: StreamPrices): StreamPlan {
  const { shardHour, millionPutUnits } = prices.provisioned;
  const shards = shardsFor(load, stream);
  const seconds = prices.hoursPerMonth * 3_600;
  const units = seconds * sum(kinds, ({ bytes }) => Math.ceil(bytes / PUT_UNIT));
  const monthly = shards * shardHour * prices.hoursPerMonth + (units / 1_000_000) * millionPutUnits;
  const notes = [
    ...stream.notes,
    ...(shards > QUOTA.shards
      ? [
          `${shards} shards: many accounts may have ${QUOTA.shards}, or fewer; look at yours and have it raised first`,
        ]
      : []),
  ];
  return { mode: 'provisioned', ...stream, shards, monthly, notes };
}

function onDemand(load: Load, { kinds, ...stream }: Records, prices: StreamPrices): StreamPlan {
  const { streamHour, gigabyteIn, gigabyteOut } = prices.onDemand;
  const seconds = prices.hoursPerMonth * 3_600;
  // Of sizes that differ, rounding up adds half a KB on average.
  const kilobytes = sum(kinds, ({ bytes, exact }) => (exact ? Math.ceil(bytes / KB) : bytes / KB + 0.5));
  const written = (kilobytes * KB * seconds) / GB;
  const read = (stream.bytesPerSecond * load.consumers * seconds) / GB;
  const beyond =
    stream.recordsPerSecond > ON_DEMAND_START.records || stream.bytesPerSecond > ON_DEMAND_START.bytes;
  return {
    mode: 'on-demand',
    ...stream,
    shards: shardsFor(load, stream),
    monthly: streamHour * prices.hoursPerMonth + written * gigabyteIn + read * gigabyteOut,
    notes: [
      ...stream.notes,
      ...(beyond
        ? [
            'a new stream takes 4 MiB and 4,000 records a second at once, then up to twice the peak of the last 30 days: raise the load in steps',
          ]
        : []),
      ...(stream.bytesPerSecond > QUOTA.onDemandBytes
        ? ['more than 200 MB a second: in most regions a stream takes no more until its quota is raised']
        : []),
    ],
  };
}

/** Over all records of a second. */
function sum(kinds: readonly RecordKind[], of: (kind: RecordKind) => number): number {
  return kinds.reduce((total, kind) => total + kind.perSecond * of(kind), 0);
}

const round = (value: number) => Math.round(value * 10) / 10;
