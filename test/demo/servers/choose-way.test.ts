import { expect, test } from 'vitest';
import { chooseWays, type Found } from '../../../demo/servers/choose-way.ts';

const mysql = { kind: 'mysql', server: '/usr/sbin/mysqld' } as const;
const nothing: Found = { given: {}, compose: false, apt: false };
const everything: Found = {
  given: { database: 'mysql://db', redis: 'redis://r' },
  databaseBinary: mysql,
  redisBinary: '/usr/bin/redis-server',
  compose: true,
  apt: true,
};

test('a URL from the environment goes before everything else', () => {
  expect(chooseWays(everything)).toEqual({
    database: { way: 'given', url: 'mysql://db' },
    redis: { way: 'given', url: 'redis://r' },
  });
});

test('without a URL, a private server from a binary goes before Docker and apt-get', () => {
  expect(chooseWays({ ...everything, given: {} })).toEqual({
    database: { way: 'binary', binary: mysql },
    redis: { way: 'binary', binary: '/usr/bin/redis-server' },
  });
});

test('without binaries, Docker Compose goes before apt-get', () => {
  expect(chooseWays({ ...nothing, compose: true, apt: true })).toEqual({
    database: { way: 'compose' },
    redis: { way: 'compose' },
  });
});

test('apt-get is the last way', () => {
  expect(chooseWays({ ...nothing, apt: true })).toEqual({ database: { way: 'apt' }, redis: { way: 'apt' } });
});

test('with nothing at all there is no way, and no server on a default port is taken instead', () => {
  expect(chooseWays(nothing)).toEqual({ database: { way: 'none' }, redis: { way: 'none' } });
});

test('an empty variable is as good as none', () => {
  expect(chooseWays({ ...nothing, given: { database: '', redis: '' } }).database).toEqual({ way: 'none' });
});

test('each server goes its own way', () => {
  const found = { ...nothing, given: { redis: 'redis://r' }, compose: true };
  expect(chooseWays(found)).toEqual({
    database: { way: 'compose' },
    redis: { way: 'given', url: 'redis://r' },
  });
});
