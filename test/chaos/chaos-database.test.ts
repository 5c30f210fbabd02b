import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fakeMachine } from '../demo/servers/fake-machine.ts';
import { findProgram, NoServer, openChaosDatabase } from './chaos-database.ts';

const [MARIADB, MYSQL] = ['echo "Ver 10.11.19-MariaDB"', 'echo "Ver 9.7.0 (MySQL Community Server - GPL)"'];

test('mysql is the first mysqld that is no MariaDB, wherever in PATH that stands', async () => {
  const [debian, opt] = [await fakeMachine(), await fakeMachine()];
  await debian.script('mysqld', MARIADB);
  await debian.script('mariadb-install-db', 'exit 0');
  await opt.script('mysqld', MYSQL);
  const server = join(opt.bin, 'mysqld');
  expect(await findProgram('mysql', `${debian.bin}:${opt.bin}`)).toEqual({ kind: 'mysql', server });
});

test('a path names the program itself, of whichever kind it is', async () => {
  const machine = await fakeMachine();
  await machine.script('mysqld-9.7', MYSQL);
  const server = join(machine.bin, 'mysqld-9.7');
  expect(await findProgram(server)).toEqual({ kind: 'mysql', server });
});

test('a path where no server is gives way to none, and says what can be given', async () => {
  const path = join((await fakeMachine()).bin, 'mysqld');
  const refused = expect(openChaosDatabase(path)).rejects;
  await refused.toThrow(NoServer);
  await refused.toThrow(
    `no server can be started of ${path}: it is no program that prints the version of MariaDB or MySQL. Give the path of`,
  );
});
