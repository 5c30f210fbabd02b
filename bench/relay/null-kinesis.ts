// A Kinesis that keeps nothing: `node null-kinesis.ts '<JSON of NullKinesis>'`. It parses PutRecords, holds it to the
// limits of the API and answers; what it costs is part of every measurement, and so as little as can be.
import { hash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { numbersIn } from './events.ts';

export interface NullKinesis {
  readonly port: number;
  /** Milliseconds until it answers. */
  readonly delay: number;
  readonly shards: number;
  /** Keeps the numbers of the events that it got, for `GET /seen` (`GET /count`: how many). */
  readonly trace: boolean;
}

/** What came, in the order in which it came: key, number and when it was answered (milliseconds since 1970). */
export type Seen = [key: string, n: number, at: number][];

interface PutRecords {
  readonly Records: readonly { readonly PartitionKey: string; readonly Data: string }[];
}

const { port, delay, shards, trace } = JSON.parse(process.argv[2]!) as NullKinesis;
const seen: Seen = [];
const shardOfKey = new Map<string, string>();
const width = (1n << 128n) / BigInt(shards);
let sequence = 0;

const names = Array.from({ length: shards }, (_, index) => `shardId-${String(index).padStart(12, '0')}`);
const SHARDS = names.map((ShardId, index) => ({
  ShardId,
  HashKeyRange: {
    StartingHashKey: String(width * BigInt(index)),
    EndingHashKey: String(index === shards - 1 ? (1n << 128n) - 1n : width * BigInt(index + 1) - 1n),
  },
  SequenceNumberRange: { StartingSequenceNumber: '49' },
}));

createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => answer(request, Buffer.concat(chunks).toString(), response));
}).listen(port, '127.0.0.1');

function answer({ headers, url }: IncomingMessage, body: string, response: ServerResponse): void {
  const reply = (status: number, answered: object) => {
    const text = JSON.stringify(answered);
    const head = { 'content-type': 'application/x-amz-json-1.1', 'content-length': Buffer.byteLength(text) };
    response.writeHead(status, head).end(text);
  };
  if (url === '/seen') return reply(200, seen);
  if (url === '/count') return reply(200, { count: seen.length });
  switch (String(headers['x-amz-target']).split('.')[1]) {
    case 'ListShards':
      return reply(200, { Shards: SHARDS });
    case 'DescribeStreamSummary':
      return reply(200, { StreamDescriptionSummary: { StreamStatus: 'ACTIVE', OpenShardCount: shards } });
    case 'PutRecords': {
      const put = JSON.parse(body) as PutRecords;
      const mistake = beyondLimits(put);
      if (mistake !== undefined) return reply(400, { __type: 'InvalidArgumentException', message: mistake });
      const write = () => {
        if (trace) remember(put);
        reply(200, { FailedRecordCount: 0, Records: put.Records.map(written) });
      };
      return delay > 0 ? void setTimeout(write, delay) : write();
    }
    default:
      return reply(400, { __type: 'UnknownOperationException', message: 'a null Kinesis takes PutRecords' });
  }
}

/** https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html */
function beyondLimits({ Records }: PutRecords): string | undefined {
  if (Records.length < 1 || Records.length > 500) return `${Records.length} records, 1 to 500 are taken`;
  let all = 0;
  for (const { PartitionKey, Data } of Records) {
    if (PartitionKey.length < 1 || PartitionKey.length > 256) return 'a key must have 1 to 256 characters';
    const size = Buffer.byteLength(PartitionKey) + Buffer.byteLength(Data, 'base64');
    if (size > 1_048_576) return `a record of ${size} bytes, 1,048,576 are taken`;
    all += size;
  }
  return all > 10 * 1_048_576 ? `a request of ${all} bytes, 10,485,760 are taken` : undefined;
}

function written({ PartitionKey }: PutRecords['Records'][number]): object {
  return { ShardId: shardOf(PartitionKey), SequenceNumber: `49${String(++sequence).padStart(54, '0')}` };
}

function shardOf(key: string): string {
  let found = shardOfKey.get(key);
  if (found === undefined) {
    found = names[Math.min(shards - 1, Number(BigInt(`0x${hash('md5', key)}`) / width))]!;
    shardOfKey.set(key, found);
  }
  return found;
}

function remember({ Records }: PutRecords): void {
  const at = performance.timeOrigin + performance.now();
  for (const { PartitionKey, Data } of Records)
    for (const n of numbersIn(Buffer.from(Data, 'base64'))) seen.push([PartitionKey, n, at]);
}
