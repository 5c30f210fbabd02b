import { startDatabase } from '../../demo/servers/database.ts';
import { startRedis } from '../../demo/servers/redis.ts';
import { createHint } from '../../outbox/index.ts';
import type { Aggregation } from '../../relay/next-record.ts';
import { openRedis } from '../../runtime/redis.ts';
import type { BenchOutbox } from './outbox.ts';
import { startRelayProcess, type Script } from './processes.ts';

/** The servers that everything is measured with. */
export interface Rig {
  /** URL of the database server. */
  readonly database: string;
  /** Whether the null Kinesis keeps what it gets, and each measurement fails if an event was lost or overtaken. */
  readonly check: boolean;
  relay(options: {
    readonly outbox: BenchOutbox;
    readonly endpoint: string;
    readonly index?: number;
    readonly stream?: string;
    readonly aggregation?: Aggregation;
  }): Promise<Script>;
  /** What a writer may do after its commit. */
  hint(): void;
  stop(): Promise<void>;
}

export interface RigOptions {
  /** A server to measure on; a private MariaDB, or whatever is installed, unless given. */
  readonly database?: string | undefined;
  readonly check: boolean;
  /** A folder for the relays' CPU profiles. */
  readonly profile?: string | undefined;
}

export async function openRig({ database: given, check, profile }: RigOptions): Promise<Rig> {
  const database = given === undefined ? await startDatabase('mariadbd', { durable: true }) : undefined;
  const redis = await startRedis().catch(async (error: unknown) => {
    await database?.stop();
    throw error;
  });
  const client = openRedis(redis.url);
  return {
    database: given ?? database!.url,
    check,
    relay: ({ outbox, endpoint, index = 1, stream = 'bench', aggregation = 'none' }) =>
      startRelayProcess(
        { database: outbox.url, stream, endpoint, name: `bench-${index}`, redis: redis.url, aggregation },
        profile,
      ),
    hint: createHint(client),
    async stop() {
      client.disconnect();
      await Promise.all([database?.stop(), redis.stop()]);
    },
  };
}
