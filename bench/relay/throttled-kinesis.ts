// The tests' fault proxy, with the limits of real shards, before an emulator: `node throttled-kinesis.ts <endpoint>`.
// Prints its own endpoint.
import { startKinesisProxy } from '../../test/support/kinesis-proxy.ts';

const proxy = await startKinesisProxy(process.argv[2]!, { shardLimits: true });
process.stdout.write(`${proxy.url}\n`);
process.on('SIGTERM', () => process.exit(0));
