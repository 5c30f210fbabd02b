import { access, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { createConnection } from 'mysql2/promise';
import { expect, inject, onTestFinished, test } from 'vitest';
import { databaseOrThrow } from '../../../demo/servers/find-database.ts';
import { redisOrThrow } from '../../../demo/servers/find-redis.ts';
import { openServers, type OpenServers, type Servers } from '../../../demo/servers/open-servers.ts';
import { startRedis } from '../../../demo/servers/redis.ts';
import { fakeMachine, type FakeMachine } from './fake-machine.ts';

const database = await databaseOrThrow();
const redis = await redisOrThrow();

/** Opens on a machine that has only what the test put there. */
async function open(machine: FakeMachine, more: Partial<OpenServers> = {}) {
  const said: string[] = [];
  const servers = await openServers({
    env: machine.env,
    say: (line) => said.push(line),
    usualFolders: [],
    asRoot: false,
    servicePolicy: machine.policy,
    ...more,
  });
  onTestFinished(() => servers.stop());
  return { servers, said };
}

async function answer({ database, redis }: Servers): Promise<boolean> {
  const connection = await createConnection(database.url);
  await connection.end();
  const client = new Redis(redis.url);
  const pong = await client.ping();
  client.disconnect();
  return pong === 'PONG';
}

const refused = (url: string) =>
  createConnection(url).then(
    () => false,
    (error: NodeJS.ErrnoException) => error.code === 'ECONNREFUSED',
  );

/** Commands that make this machine's real programs appear in the fake one's folder, as an installation would. */
const install = (bin: string) =>
  [
    `/bin/ln -s '${database.server}' '${bin}/${database.kind === 'mariadb' ? 'mariadbd' : 'mysqld'}'`,
    ...(database.kind === 'mariadb'
      ? [`/bin/ln -s '${database.installer}' '${bin}/mariadb-install-db'`]
      : []),
    `/bin/ln -s '${redis}' '${bin}/redis-server'`,
  ].join('\n');

test('URLs from the environment are taken as they are, and left running', async () => {
  const machine = await fakeMachine();
  const env = {
    ...machine.env,
    BANYAN_DATABASE_URL: inject('databaseServer'),
    BANYAN_REDIS_URL: inject('redis'),
  };
  const { servers, said } = await open(machine, { env });
  expect(servers.database.url).toBe(inject('databaseServer'));
  expect(servers.redis.url).toBe(inject('redis'));
  await servers.stop();
  expect(await answer(servers)).toBe(true);
  expect(said).toEqual([]);
});

test('a URL from the environment that nobody answers is an error that names the variable, not the password', async () => {
  const machine = await fakeMachine();
  const env = {
    ...machine.env,
    BANYAN_DATABASE_URL: 'mysql://root:geheim@127.0.0.1:9',
    BANYAN_REDIS_URL: inject('redis'),
  };
  const error = await open(machine, { env }).catch((caught: Error) => caught);
  expect(String(error)).toMatch(
    /BANYAN_DATABASE_URL names mysql:\/\/127\.0\.0\.1:9, which can't be used: .*ECONNREFUSED/,
  );
  expect(String(error)).not.toContain('geheim');
});

test('a URL of another kind is refused', async () => {
  const machine = await fakeMachine();
  const env = { ...machine.env, BANYAN_DATABASE_URL: 'postgres://x/y', BANYAN_REDIS_URL: inject('redis') };
  await expect(open(machine, { env })).rejects.toThrow('it must begin with mysql:// or redis://');
});

test('programs on the PATH become private servers on free ports, and stop leaves nothing', async () => {
  const machine = await fakeMachine();
  await symlink(database.server, join(machine.bin, database.kind === 'mariadb' ? 'mariadbd' : 'mysqld'));
  if (database.kind === 'mariadb') await symlink(database.installer, join(machine.bin, 'mariadb-install-db'));
  await symlink(redis, join(machine.bin, 'redis-server'));
  const { servers, said } = await open(machine);
  expect(await answer(servers)).toBe(true);
  expect(new URL(servers.database.url).port).not.toMatch(/^(3306|)$/);
  expect(new URL(servers.redis.url).port).not.toMatch(/^(6379|)$/);
  expect(said).toEqual([]);
  await servers.stop();
  expect(await refused(servers.database.url)).toBe(true);
});

test('valkey-server serves as well as redis-server', async () => {
  const machine = await fakeMachine();
  // Debian's redis-server is one program under several names and looks at its own.
  await machine.script('valkey-server', `exec '${redis}' "$@"`);
  const env = { ...machine.env, BANYAN_DATABASE_URL: inject('databaseServer') };
  const { servers } = await open(machine, { env });
  expect(await answer(servers)).toBe(true);
});

test('without programs, Docker Compose starts the two, on ports of its choice, and takes them down', async () => {
  const machine = await fakeMachine();
  const own = await startRedis(redis);
  onTestFinished(() => own.stop());
  await machine.script(
    'docker',
    `echo "$*" >> "$LOG"
     case "$*" in
       *" port database "*) echo "127.0.0.1:${new URL(inject('databaseServer')).port}" ;;
       *" port redis "*) echo "0.0.0.0:${new URL(own.url).port}" ;;
     esac`,
  );
  const { servers, said } = await open(machine);
  expect(await answer(servers)).toBe(true);
  expect(servers.redis.url).toBe(own.url);
  expect(said).toEqual([expect.stringContaining('Docker Compose: database, redis')]);
  await servers.stop();

  const calls = (await machine.calls()).map((call) =>
    call.replace(/banyan-[0-9a-f]{8}/, 'PROJECT').replace(/--file \S*\/docker-compose\.yml/, 'FILE'),
  );
  expect(calls.toSorted()).toEqual(
    [
      'compose version',
      'version --format {{.Server.Version}}',
      'compose --project-name PROJECT FILE up --detach --wait database redis',
      'compose --project-name PROJECT FILE port database 3306',
      'compose --project-name PROJECT FILE port redis 6379',
      'compose --project-name PROJECT FILE down --volumes --timeout 10',
    ].toSorted(),
  );
});

test('only what is missing is asked of Docker Compose', async () => {
  const machine = await fakeMachine();
  const port = new URL(inject('redis')).port;
  await machine.script(
    'docker',
    `echo "$*" >> "$LOG"; case "$*" in *" port redis "*) echo "127.0.0.1:${port}" ;; esac`,
  );
  await open(machine, { env: { ...machine.env, BANYAN_DATABASE_URL: inject('databaseServer') } });
  const calls = await machine.calls();
  expect(calls.filter((call) => / up /.test(call))).toEqual([expect.stringMatching(/--wait redis$/)]);
});

test('a Compose that fails is taken down again, and its words are in the error', async () => {
  const machine = await fakeMachine();
  await machine.script(
    'docker',
    'echo "$*" >> "$LOG"; case "$*" in *" up "*) echo "no space left" >&2; exit 1 ;; esac',
  );
  await expect(open(machine)).rejects.toThrow(/docker compose .* up .*no space left/s);
  expect((await machine.calls()).at(-1)).toMatch(/ down --volumes/);
});

test('a Docker without an engine, or without Compose, is no way', async () => {
  const machine = await fakeMachine();
  await machine.script('docker', 'case "$*" in "compose version") exit 0 ;; *) exit 1 ;; esac');
  await expect(open(machine)).rejects.toThrow('Docker Compose did not answer');
});

test('on Debian as root, apt-get installs the packages, says so, and keeps their services from starting', async () => {
  const machine = await fakeMachine();
  await machine.script(
    'apt-get',
    `echo "$DEBIAN_FRONTEND: $*; policy $(/bin/cat '${machine.policy}' | /usr/bin/tail -n 1)" >> "$LOG"
     case "$1" in install) ${install(machine.bin)} ;; esac`,
  );
  const { servers, said } = await open(machine, { asRoot: true });
  expect(await answer(servers)).toBe(true);
  expect(said).toEqual([expect.stringMatching(/installing with apt-get.*mariadb-server-core.*redis-server/)]);
  expect(await machine.calls()).toEqual([
    'noninteractive: update; policy exit 101',
    'noninteractive: install --yes --no-install-recommends mariadb-server-core mariadb-client-core redis-server; policy exit 101',
  ]);
  await expect(access(machine.policy)).rejects.toThrow('ENOENT');
});

test('apt-get installs only what is missing, and a policy that the machine has stays', async () => {
  const machine = await fakeMachine();
  await writeFile(machine.policy, 'the machine’s own');
  await machine.script(
    'apt-get',
    `echo "$*" >> "$LOG"; case "$1" in install) ${install(machine.bin)} ;; esac`,
  );
  const env = { ...machine.env, BANYAN_DATABASE_URL: inject('databaseServer') };
  await open(machine, { env, asRoot: true });
  expect(await machine.calls()).toEqual(['update', 'install --yes --no-install-recommends redis-server']);
  await access(machine.policy);
});

test('an apt-get that fails is an error with its words', async () => {
  const machine = await fakeMachine();
  await machine.script('apt-get', 'echo "Could not resolve deb.debian.org" >&2; exit 100');
  await expect(open(machine, { asRoot: true })).rejects.toThrow(
    /apt-get could not install mariadb-server-core.*Could not resolve deb\.debian\.org/s,
  );
  await expect(access(machine.policy)).rejects.toThrow('ENOENT');
});

test('apt-get is not called by anyone but root', async () => {
  const machine = await fakeMachine();
  await machine.script('apt-get', 'echo "$*" >> "$LOG"');
  await expect(open(machine)).rejects.toThrow('sudo apt-get install mariadb-server redis-server');
  expect(await machine.calls()).toEqual([]);
});

test('a machine with no way at all gets one error that says what to install', async () => {
  const machine = await fakeMachine();
  const error = (await open(machine).catch((caught: Error) => caught)) as Error;
  expect(error.message.replace(machine.bin, 'BIN')).toBe(
    `This machine has no MariaDB or MySQL server (mariadbd with mariadb-install-db, or mysqld) and no Redis or Valkey server that can be started.
Looked in: BIN; Docker Compose did not answer; apt-get is used only on Debian as root.
Any one of these helps:
  Debian, Ubuntu:  sudo apt-get install mariadb-server redis-server
  macOS:           brew install mariadb redis
  Docker:          start it, with Compose v2 (\`docker compose version\`)
  servers you run: BANYAN_DATABASE_URL=mysql://user:password@host:3306 BANYAN_REDIS_URL=redis://host:6379`,
  );
});

test('the error asks only for what is missing', async () => {
  const machine = await fakeMachine();
  const env = { ...machine.env, BANYAN_DATABASE_URL: inject('databaseServer') };
  const error = String(await open(machine, { env }).catch((caught: Error) => caught));
  expect(error).toContain('This machine has no Redis or Valkey server that can be started.');
  expect(error).not.toMatch(/mariadb|BANYAN_DATABASE_URL/i);
});
