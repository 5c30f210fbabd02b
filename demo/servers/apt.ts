import { execFile } from 'node:child_process';
import { chmod, rm, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { whenWeDie } from './when-we-die.ts';

/** Debian's packages: the database's core has the programs and starts no service. */
export const PACKAGES = {
  database: ['mariadb-server-core', 'mariadb-client-core'],
  redis: ['redis-server'],
} as const;

/** Debian asks this file whether a package may start its service (invoke-rc.d(8)); 101 means no. */
const POLICY = '/usr/sbin/policy-rc.d';

/**
 * Installs packages with apt-get, without questions and without starting the services that they bring: we run servers
 * of our own. A policy that is there already stays as it is.
 */
export async function aptInstall(
  aptGet: string,
  packages: readonly string[],
  { say, env, policy = POLICY }: { say(line: string): void; env: NodeJS.ProcessEnv; policy?: string },
): Promise<void> {
  say(`No server found; installing with apt-get (Debian, root): ${packages.join(' ')}`);
  const ours = await writeFile(policy, '#!/bin/sh\nexit 101\n', { flag: 'wx' }).then(
    () => true,
    () => false,
  );
  const forget = ours ? whenWeDie({ path: policy }) : () => {};
  const run = (...args: string[]) =>
    promisify(execFile)(aptGet, args, {
      env: { ...env, DEBIAN_FRONTEND: 'noninteractive' },
      maxBuffer: 64 * 1024 * 1024,
    });
  try {
    if (ours) await chmod(policy, 0o755);
    await run('update');
    await run('install', '--yes', '--no-install-recommends', ...packages);
  } catch (cause) {
    const said = (cause as { stderr?: string }).stderr ?? '';
    throw new Error(
      `apt-get could not install ${packages.join(' ')}. It said:\n${said}\nInstall them by hand, or name servers that you run by URL.`,
      { cause },
    );
  } finally {
    if (ours) await rm(policy, { force: true });
    forget();
  }
}
