import {
  GetRecordsCommand,
  GetShardIteratorCommand,
  KinesisClient,
  ListShardsCommand,
} from '@aws-sdk/client-kinesis';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { RowDataPacket } from 'mysql2/promise';
import { createStream } from '../../demo/create-stream.ts';
import { wait } from '../../runtime/wait.ts';
import { inOrder, numbersIn } from './events.ts';
import { openOutbox, type BenchOutbox } from './outbox.ts';
import { startThrottledKinesis, untilTrue } from './processes.ts';
import type { Rig } from './rig.ts';

const SHARDS = 4;
/** https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html */
const [RECORDS, BYTES] = [1_000, 1_048_576];
/** Seconds before the measured ones: a shard gives what it saved while nobody wrote, and the relay finds its pace. */
const LEAD = 3;
const leadOf = (seconds: number) => Math.min(LEAD, seconds);
/** Bytes of an event in the stream, at least. */
const EVENT = 600;

export interface ShardLimit {
  /** What the stream took, of what its shards take at most: of records or bytes, whichever is nearer the limit. */
  readonly share: number;
  readonly shares: readonly number[];
  readonly eventsPerSecond: number;
  readonly recordsPerSecond: number;
  /** Events that came more than once. */
  readonly repeated: number;
}

interface Arrived {
  readonly shard: number;
  readonly key: string;
  readonly numbers: readonly number[];
  readonly bytes: number;
  /** Milliseconds since 1970, by the emulator. */
  readonly at: number;
}

/** Keeps a backlog before a stream of four shards that are held to their limits, and reads what came of it. */
export async function shardLimit(
  rig: Rig,
  { seconds, keys }: { seconds: number; keys: number },
): Promise<ShardLimit> {
  const outbox = await openOutbox(rig.database);
  const kinesis = await startThrottledKinesis();
  const stop: (() => Promise<void>)[] = [kinesis.stop, () => outbox.drop()];
  try {
    await createStream(kinesis.url, 'bench', SHARDS);
    const count = Math.ceil(
      Math.min(RECORDS, BYTES / EVENT) * SHARDS * (seconds + leadOf(seconds) + 2) * 1.15,
    );
    await outbox.append({ count, keys });
    const relay = await rig.relay({ outbox, endpoint: kinesis.url });
    let relayRuns = true;
    const stopRelay = async () => {
      if (relayRuns) await relay.stop();
      relayRuns = false;
    };
    stop.unshift(stopRelay);
    await untilTrue('the first events are settled', async () => (await settledOf(outbox)) > 0);
    await wait((seconds + leadOf(seconds) + 1) * 1_000);
    await stopRelay();
    const arrived = await readAll(kinesis.url);
    const seen = arrived.flatMap(({ key, numbers }) => numbers.map((n) => [key, n] as const));
    const repeated = inOrder(seen, { first: 1, count, keys, least: await settledOf(outbox) });
    return { ...held(arrived, seconds), repeated };
  } finally {
    for (const end of stop) await end();
  }
}

async function settledOf({ database }: BenchOutbox): Promise<number> {
  const [rows] = await database.query<RowDataPacket[]>(
    "SELECT COUNT(*) AS count FROM banyan_outbox WHERE state = 'settled'",
  );
  return Number(rows[0]!['count']);
}

/** How much of their limits the shards took in the seconds after the lead. */
function held(arrived: readonly Arrived[], seconds: number): Omit<ShardLimit, 'repeated'> {
  const first = arrived.reduce((least, { at }) => Math.min(least, at), Infinity);
  const from = first + leadOf(seconds) * 1_000;
  const within = arrived.filter(({ at }) => at >= from && at < from + seconds * 1_000);
  const shares = Array.from({ length: SHARDS }, (_, shard) => {
    const own = within.filter((record) => record.shard === shard);
    const bytes = own.reduce((sum, record) => sum + record.bytes, 0);
    return Math.max(own.length / RECORDS, bytes / BYTES) / seconds;
  });
  return {
    share: shares.reduce((sum, share) => sum + share) / SHARDS,
    shares,
    eventsPerSecond: within.reduce((sum, { numbers }) => sum + numbers.length, 0) / seconds,
    recordsPerSecond: within.length / seconds,
  };
}

async function readAll(endpoint: string): Promise<Arrived[]> {
  const client = new KinesisClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    requestHandler: new NodeHttpHandler(),
  });
  const arrived: Arrived[] = [];
  const { Shards = [] } = await client.send(new ListShardsCommand({ StreamName: 'bench' }));
  for (const [shard, { ShardId }] of Shards.entries()) {
    let { ShardIterator } = await client.send(
      new GetShardIteratorCommand({ StreamName: 'bench', ShardId, ShardIteratorType: 'TRIM_HORIZON' }),
    );
    while (ShardIterator) {
      const page = await client.send(new GetRecordsCommand({ ShardIterator, Limit: 10_000 }));
      for (const {
        PartitionKey = '',
        Data = new Uint8Array(),
        ApproximateArrivalTimestamp: at,
      } of page.Records ?? []) {
        const bytes = Data.byteLength + Buffer.byteLength(PartitionKey);
        arrived.push({ shard, key: PartitionKey, numbers: numbersIn(Data), bytes, at: Number(at) });
      }
      if (page.MillisBehindLatest === 0 && page.Records?.length === 0) break;
      ShardIterator = page.NextShardIterator;
    }
  }
  client.destroy();
  return arrived;
}
