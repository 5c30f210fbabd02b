import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findBinary, foldersToSearch } from '../../../demo/servers/find-binary.ts';
import { databaseOrThrow, findDatabase } from '../../../demo/servers/find-database.ts';
import { fakeMachine } from './fake-machine.ts';

test('servers are found where a cut-down PATH does not look', async () => {
  const machine = await fakeMachine();
  await machine.script('redis-server', 'exit 0');
  expect(await foldersToSearch('/nowhere', ['/usr/sbin'])).toEqual(['/nowhere', '/usr/sbin']);
  expect(await findBinary(['redis-server'], await foldersToSearch('/nowhere', [machine.bin]))).toBe(
    join(machine.bin, 'redis-server'),
  );
});

test('a folder with a star stands for one per name, as Homebrew keeps its programs', async () => {
  const machine = await fakeMachine();
  const cellar = join(machine.bin, '..');
  expect(await foldersToSearch(undefined, [join(cellar, '*', 'sbin')])).toEqual(
    ['bin', 'calls.log'].map((name) => join(cellar, name, 'sbin')),
  );
});

test('a mysqld that is MariaDB under another name is started as MariaDB', async () => {
  const machine = await fakeMachine();
  await machine.script('mysqld', 'echo "mysqld  Ver 10.11.19-MariaDB-0+deb12u1 for debian-linux-gnu"');
  await machine.script('mariadb-install-db', 'exit 0');
  expect(await findDatabase([machine.bin])).toEqual({
    kind: 'mariadb',
    server: join(machine.bin, 'mysqld'),
    installer: join(machine.bin, 'mariadb-install-db'),
  });
});

test('a real mysqld needs no installer', async () => {
  const machine = await fakeMachine();
  await machine.script(
    'mysqld',
    'echo "mysqld  Ver 9.7.0 for Linux on x86_64 (MySQL Community Server - GPL)"',
  );
  expect(await findDatabase([machine.bin])).toEqual({ kind: 'mysql', server: join(machine.bin, 'mysqld') });
});

test('a MariaDB without its installer, or one that does not even print its version, is passed over', async () => {
  const machine = await fakeMachine();
  await machine.script('mariadbd', 'echo "mariadbd  Ver 10.11.19-MariaDB"');
  await machine.script('mysqld', 'exit 1');
  expect(await findDatabase([machine.bin])).toBeUndefined();
});

test('a name that is not there gives way to any other database server', async () => {
  const found = await databaseOrThrow('no-such-server');
  const machine = await fakeMachine();
  await symlink(found.server, join(machine.bin, 'my-own-server'));
  expect((await databaseOrThrow(join(machine.bin, 'my-own-server'))).kind).toBe(found.kind);
});
