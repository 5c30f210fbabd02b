// A relay as a process of its own: `node relay-process.ts '<JSON of RelayProcess>'`; times are as the product's defaults.
import { startRelay } from '../../relay/index.ts';
import type { Aggregation } from '../../relay/next-record.ts';
import { openDatabase } from '../../runtime/database.ts';
import { openLog } from '../../runtime/log.ts';
import { shutdownSignal } from '../../runtime/shutdown.ts';

export interface RelayProcess {
  readonly database: string;
  readonly stream: string;
  readonly endpoint: string;
  readonly name: string;
  readonly redis: string;
  readonly aggregation: Aggregation;
}

const { database: url, stream, endpoint, ...options } = JSON.parse(process.argv[2]!) as RelayProcess;
const stopped = shutdownSignal();
const database = openDatabase(url);
const relay = await startRelay({
  retention: 604_800_000,
  lease: 10_000,
  requestTimeout: 3_000,
  poll: 500,
  ...options,
  database,
  stream: { name: stream, region: 'us-east-1', endpoint },
  log: openLog(options.name, 'warn'),
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
});
process.stdout.write('runs\n');
stopped.addEventListener('abort', () => void relay.stop().then(() => database.end()));
