import { CreateStreamCommand, DescribeStreamSummaryCommand, KinesisClient } from '@aws-sdk/client-kinesis';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { wait } from '../runtime/wait.ts';

/** Makes a stream in the emulator, unless it is there already, and waits until it can be used. */
export async function createStream(endpoint: string, name: string, shards: number): Promise<void> {
  const client = new KinesisClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'demo', secretAccessKey: 'demo' },
    requestHandler: new NodeHttpHandler(),
  });
  await client
    .send(new CreateStreamCommand({ StreamName: name, ShardCount: shards }))
    .catch((error: Error) => {
      if (error.name !== 'ResourceInUseException') throw error;
    });
  for (;;) {
    const { StreamDescriptionSummary } = await client.send(
      new DescribeStreamSummaryCommand({ StreamName: name }),
    );
    if (StreamDescriptionSummary?.StreamStatus === 'ACTIVE') return client.destroy();
    await wait(20);
  }
}
