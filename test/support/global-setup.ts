import type { TestProject } from 'vitest/node';
import { startKinesis } from '../../demo/servers/kinesis.ts';
import { openServers } from '../../demo/servers/open-servers.ts';
import { startSkipLockedTap } from './skip-locked-tap.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The server's URL without a database: `mysql://root@127.0.0.1:40123`. */
    databaseServer: string;
    /** The same server, behind a tap that rejects SKIP LOCKED where BANYAN_TEST_TAP=skip-locked is set. */
    tappedServer: string;
    redis: string;
    kinesis: string;
  }
}

/**
 * One database server, Redis and Kinesis emulator for the whole run: the database of BANYAN_TEST_DATABASE where that is
 * set (it must be one that tests may create databases in), else private ones, found as the demo finds them.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const servers = await openServers({
    env: process.env,
    say: (line) => process.stderr.write(`${line}\n`),
    variables: { database: 'BANYAN_TEST_DATABASE', redis: 'BANYAN_TEST_REDIS' },
  });
  const kinesis = await startKinesis();
  const tap =
    process.env['BANYAN_TEST_TAP'] === 'skip-locked'
      ? await startSkipLockedTap(servers.database.url)
      : undefined;
  project.provide('databaseServer', servers.database.url);
  project.provide('tappedServer', tap?.url ?? servers.database.url);
  project.provide('redis', servers.redis.url);
  project.provide('kinesis', kinesis.url);
  return async () => {
    await Promise.all([servers.stop(), kinesis.stop(), tap?.stop()]);
  };
}
