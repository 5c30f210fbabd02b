// A relay as a process of its own: `node relay-process.ts '<JSON of RelayProcess>'`. Prints "runs" when it does.
import { startRelay, type RelayOptions } from '../../relay/index.ts';
import { openDatabase } from '../../runtime/database.ts';
import { openLog } from '../../runtime/log.ts';
import { shutdownSignal } from '../../runtime/shutdown.ts';

export interface RelayProcess {
  readonly database: string;
  readonly stream: string;
  readonly endpoint: string;
  readonly name: string;
  readonly lease: number;
  readonly requestTimeout: number;
  readonly redis?: string;
  /** A week unless given. */
  readonly retention?: number;
  readonly purgeEvery?: number;
  readonly aggregation?: RelayOptions['aggregation'];
}

const { database: url, stream, endpoint, ...options } = JSON.parse(process.argv[2]!) as RelayProcess;
const stopped = shutdownSignal();
const database = openDatabase(url);
const relay = await startRelay({
  retention: 604_800_000,
  ...options,
  database,
  stream: { name: stream, region: 'us-east-1', endpoint },
  poll: 100,
  log: openLog(options.name, 'warn'),
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
});
process.stdout.write('runs\n');
stopped.addEventListener('abort', () => void relay.stop().then(() => database.end()));
