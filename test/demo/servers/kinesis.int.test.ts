import { connect } from 'node:net';
import { ListStreamsCommand } from '@aws-sdk/client-kinesis';
import { expect, onTestFinished, test } from 'vitest';
import { startKinesis } from '../../../demo/servers/kinesis.ts';
import { kinesisClient } from '../../support/stream.ts';

test('the emulator survives a client that is gone in mid-request', async () => {
  const server = await startKinesis();
  onTestFinished(() => server.stop());
  const { hostname, port } = new URL(server.url);
  for (let times = 0; times < 5; times += 1) {
    await new Promise<void>((resolve) => {
      const socket = connect(Number(port), hostname, () => {
        socket.write('POST / HTTP/1.1\r\nHost: k\r\nContent-Length: 1000000\r\n\r\n{"Streams":', () => {
          socket.resetAndDestroy();
          resolve();
        });
      });
    });
  }
  const client = kinesisClient(server.url);
  await expect(client.send(new ListStreamsCommand({}))).resolves.toMatchObject({ StreamNames: [] });
  client.destroy();
});
