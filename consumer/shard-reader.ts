import {
  ExpiredIteratorException,
  GetRecordsCommand,
  GetShardIteratorCommand,
  KinesisClient,
  ListShardsCommand,
  type Shard as KinesisShard,
} from '@aws-sdk/client-kinesis';
import { NodeHttpHandler } from '@smithy/node-http-handler';

/** Which Kinesis stream, and how it is reached. */
export interface StreamAddress {
  readonly name: string;
  readonly region: string;
  /** For an emulator; AWS' own endpoint unless given. */
  readonly endpoint?: string | undefined;
  /** AWS' default chain (environment, profile, instance role) unless given. */
  readonly credentials?:
    | { readonly accessKeyId: string; readonly secretAccessKey: string; readonly sessionToken?: string }
    | undefined;
}

export interface Shard {
  readonly id: string;
  /** One after a split, two after a merge; none for a shard that the stream began with. */
  readonly parents: readonly string[];
}

export interface StreamRecord {
  readonly sequenceNumber: string;
  readonly data: Uint8Array;
  /** When Kinesis took it, in milliseconds since 1970 by Kinesis' clock (approximate, as AWS says). */
  readonly arrivedAt: number;
}

export interface Page {
  readonly records: readonly StreamRecord[];
  /** Where to read on; undefined at the end of a closed shard. */
  readonly next: string | undefined;
  /** How far behind the shard's tip the end of this page is, in milliseconds. */
  readonly behindMs: number;
  /** As many records as one page can hold: there may be more, whatever `behindMs` says. */
  readonly full: boolean;
}

/** Reads shards. Retries nothing: the caller decides. Every call rejects when `signal` aborts, or after 10 s. */
export interface StreamReader {
  shards(signal: AbortSignal): Promise<Shard[]>;
  /** An iterator that begins right after sequence number `after`, or at the oldest record kept. */
  iterator(shardId: string, after: string | undefined, signal: AbortSignal): Promise<string>;
  /** An iterator lives five minutes: `expired` asks for a new one. */
  read(iterator: string, signal: AbortSignal): Promise<Page | 'expired'>;
  close(): void;
}

const RECORDS_PER_PAGE = 1_000;
const REQUEST_TIMEOUT = 10_000;

export function openStreamReader(stream: StreamAddress): StreamReader {
  const client = new KinesisClient({
    region: stream.region,
    maxAttempts: 1,
    ...(stream.endpoint && { endpoint: stream.endpoint }),
    ...(stream.credentials && { credentials: stream.credentials }),
    // The client's default handler talks HTTP/2, which no plain-http endpoint understands.
    ...(stream.endpoint?.startsWith('http:') && {
      requestHandler: new NodeHttpHandler({ connectionTimeout: 2_000 }),
    }),
  });
  const within = (signal: AbortSignal) => ({
    abortSignal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_TIMEOUT)]),
  });
  return {
    async shards(signal) {
      const found: KinesisShard[] = [];
      let NextToken: string | undefined;
      do {
        const answer = await client.send(
          new ListShardsCommand(NextToken ? { NextToken } : { StreamName: stream.name }),
          within(signal),
        );
        found.push(...(answer.Shards ?? []));
        NextToken = answer.NextToken;
      } while (NextToken);
      return found.map(({ ShardId, ParentShardId, AdjacentParentShardId }) => ({
        id: ShardId!,
        parents: [ParentShardId, AdjacentParentShardId].filter((id) => id !== undefined),
      }));
    },

    async iterator(ShardId, after, signal) {
      const { ShardIterator } = await client.send(
        new GetShardIteratorCommand({
          StreamName: stream.name,
          ShardId,
          ...(after === undefined
            ? { ShardIteratorType: 'TRIM_HORIZON' }
            : { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', StartingSequenceNumber: after }),
        }),
        within(signal),
      );
      if (!ShardIterator) throw new Error(`Kinesis gave no iterator for ${stream.name}/${ShardId}`);
      return ShardIterator;
    },

    async read(ShardIterator, signal) {
      try {
        const page = await client.send(
          new GetRecordsCommand({ ShardIterator, Limit: RECORDS_PER_PAGE }),
          within(signal),
        );
        const records = (page.Records ?? []).map((record) => ({
          sequenceNumber: record.SequenceNumber!,
          data: record.Data!,
          arrivedAt: record.ApproximateArrivalTimestamp?.getTime() ?? Date.now(),
        }));
        return {
          records,
          next: page.NextShardIterator || undefined,
          behindMs: page.MillisBehindLatest ?? 0,
          full: records.length >= RECORDS_PER_PAGE,
        };
      } catch (error) {
        if (error instanceof ExpiredIteratorException) return 'expired';
        throw error;
      }
    },

    close: () => client.destroy(),
  };
}
