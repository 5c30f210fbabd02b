import type { PrivateServer } from '../../demo/servers/server.ts';
import type { KinesisProxy } from '../support/kinesis-proxy.ts';
import type { ChaosDatabase } from './chaos-database.ts';
import type { Relays } from './relays.ts';
import type { ChaosStream } from './stream.ts';
import type { Weather } from './weather.ts';

/** What a nemesis can lay hands on. */
export interface World {
  readonly server: ChaosDatabase;
  /** The run's own database on the server. */
  readonly name: string;
  readonly relays: Relays;
  readonly redis: PrivateServer;
  readonly proxy: KinesisProxy;
  readonly stream: ChaosStream;
  readonly weather: Weather;
}
