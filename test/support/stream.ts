import { randomBytes } from 'node:crypto';
import {
  CreateStreamCommand,
  DescribeStreamSummaryCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  KinesisClient,
  ListShardsCommand,
  type _Record,
} from '@aws-sdk/client-kinesis';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { inject } from 'vitest';

/** An AWS client for the run's emulator (or another endpoint). A plain-http endpoint needs the HTTP/1.1 handler. */
export function kinesisClient(endpoint: string = inject('kinesis')): KinesisClient {
  return new KinesisClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    requestHandler: new NodeHttpHandler(),
  });
}

/** Creates a stream of its own name and waits until it is active. */
export async function freshStream(shards = 2, client = kinesisClient()): Promise<string> {
  const StreamName = `test-${randomBytes(6).toString('hex')}`;
  await client.send(new CreateStreamCommand({ StreamName, ShardCount: shards }));
  for (;;) {
    const { StreamDescriptionSummary } = await client.send(new DescribeStreamSummaryCommand({ StreamName }));
    if (StreamDescriptionSummary?.StreamStatus === 'ACTIVE') return StreamName;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Everything that stands in the stream now, per shard in the shard's order. */
export async function readStream(StreamName: string, client = kinesisClient()): Promise<_Record[]> {
  const records: _Record[] = [];
  const { Shards = [] } = await client.send(new ListShardsCommand({ StreamName }));
  for (const { ShardId } of Shards) {
    let { ShardIterator } = await client.send(
      new GetShardIteratorCommand({ StreamName, ShardId, ShardIteratorType: 'TRIM_HORIZON' }),
    );
    while (ShardIterator) {
      const page = await client.send(new GetRecordsCommand({ ShardIterator, Limit: 10_000 }));
      records.push(...(page.Records ?? []));
      if (page.MillisBehindLatest === 0 && page.Records?.length === 0) break;
      ShardIterator = page.NextShardIterator;
    }
  }
  return records;
}
