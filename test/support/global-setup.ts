import type { TestProject } from 'vitest/node';
import { startDatabase } from '../../demo/servers/database.ts';
import { startKinesis } from '../../demo/servers/kinesis.ts';
import { startRedis } from '../../demo/servers/redis.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The server's URL without a database: `mysql://root@127.0.0.1:40123`. */
    databaseServer: string;
    redis: string;
    kinesis: string;
  }
}

/** One private database server, Redis and Kinesis emulator for the whole run. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env['BANYAN_TEST_DATABASE'];
  const database = given ? undefined : await startDatabase('mariadbd');
  const redis = await startRedis('redis-server');
  const kinesis = await startKinesis();
  project.provide('databaseServer', given ?? database!.url);
  project.provide('redis', redis.url);
  project.provide('kinesis', kinesis.url);
  return async () => {
    await Promise.all([database?.stop(), redis.stop(), kinesis.stop()]);
  };
}
