import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPrismaStore } from '../../control-plane/store/prisma-store.ts';
import { freshDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';
import { banyan } from './support/banyan.ts';
import { openSite, type Site } from './support/site.ts';

const database = await freshDatabase('control');

let site: Site;
beforeAll(async () => {
  site = await openSite();
});
afterAll(() => site.stop());

/** Writes a configuration, and returns its file. */
async function configure(name: string, more = ''): Promise<string> {
  const file = join(site.folder, `${name}.yaml`);
  await writeFile(
    file,
    `gateway: { stateDir: '${join(site.folder, name)}', name: ${name} }
upstreams: { monolith: { url: '${site.monolith}' }, inventory: { url: '${site.service}' } }
contexts: { inventory: { upstream: inventory, routes: ['GET /inventory/:sku'] } }
${more}`,
  );
  return file;
}

describe('a gateway that cannot start', () => {
  it('leaves the register of files as it was', async () => {
    const file = await configure('files');
    const [listen, ops, other] = [await site.address(), await site.address(), await site.address()];
    await site.start(
      `http://${ops}/readyz`,
      '-c',
      file,
      'gateway',
      '--no-admin',
      '--listen',
      listen,
      '--ops',
      ops,
    );
    const gateways = join(site.folder, 'files', 'gateways');
    const register = async () =>
      Promise.all(
        (await readdir(gateways))
          .filter((name) => name.endsWith('.json'))
          .map(async (name) => {
            const found = JSON.parse(await readFile(join(gateways, name), 'utf8')) as object;
            return { ...found, seenAt: undefined };
          }),
      );
    const before = await until('the first gateway', async () => {
      const found = await register();
      return found.length === 1 && found;
    });
    for (const [name, listens, tells] of [
      ['files', listen, other],
      ['second', listen, other],
      ['second', other, ops],
    ] as const) {
      const places = ['--name', name, '--listen', listens, '--ops', tells];
      const ended = await banyan(['-c', file, 'gateway', '--no-admin', ...places]);
      expect(ended.exitCode).toBe(1);
      expect(ended.stderr).toMatch(/banyan: can't listen on 127\.0\.0\.1:\d+: .*EADDRINUSE/);
      expect(await register()).toEqual(before);
    }
  });

  it('leaves the register in MySQL as it was, and that of files when only the admin port is taken', async () => {
    const file = await configure('mysql', `control: { store: mysql, database: '${database}' }\n`);
    const store = openPrismaStore({ database, first: {} });
    const [listen, ops] = [await site.address(), await site.address()];
    await site.start(`http://${ops}/readyz`, '-c', file, 'gateway', '--listen', listen, '--ops', ops);
    const register = async () =>
      (await store.gateways()).map((found) => ({ ...found, seenAgoMs: undefined }));
    const before = await until('the first gateway', async () => {
      const found = await register();
      return found.length === 1 && found;
    });
    const ended = await banyan(['-c', file, 'gateway', '--listen', listen, '--ops', await site.address()]);
    expect(ended).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('EADDRINUSE') });
    expect(await register()).toEqual(before);
    await store.close();

    const busy = await configure('busy', `control: { admin: '${ops}' }\n`);
    const places = ['--listen', await site.address(), '--ops', await site.address()];
    expect(await banyan(['-c', busy, 'gateway', ...places])).toMatchObject({ exitCode: 1 });
    expect(await readdir(join(site.folder, 'busy', 'gateways'))).toEqual([]);
  });

  it('names all mistakes of its configuration with their lines, and exits with 2', async () => {
    const file = await configure('mistaken', 'monolith: nothing\nredis: nowhere\nstream: { region: x }\n');
    const { exitCode, stdout, stderr } = await banyan(['-c', file, 'gateway']);
    expect(stderr).toBe(
      `banyan: ${file} has 3 mistakes:\n` +
        `  ${file}:4:1 monolith: upstream 'nothing' is not defined; known upstreams: monolith, inventory\n` +
        `  ${file}:5:1 redis: required: a URL that begins with redis:// or rediss://\n` +
        `  ${file}:6:1 stream.name: missing; required: a text\n`,
    );
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  });

  it('names the option that was given wrongly, and exits with 2', async () => {
    const file = await configure('flags');
    for (const [command, flag, value] of [
      ['gateway', '--listen <address>', 'abc'],
      ['gateway', '--listen <address>', '127.0.0.1:99999'],
      ['gateway', '--ops <address>', '9101'],
      ['gateway', '--name <name>', 'a gateway'],
      ['gateway', '--name <name>', 'g'.repeat(65)],
      ['control-plane', '--listen <address>', '127.0.0.1:'],
    ] as const) {
      const { exitCode, stderr } = await banyan(['-c', file, command, flag.split(' ')[0]!, value]);
      expect(stderr).toContain(`error: option '${flag}' argument '${value}' is invalid. Required: `);
      expect(exitCode).toBe(2);
    }
  });

  it('says so when other hosts would reach its admin API', async () => {
    const file = await configure('exposed');
    const { exitCode, stderr } = await banyan(['-c', file, 'control-plane', '--listen', '0.0.0.0:0']);
    expect(stderr).toMatch(
      /^banyan: --listen 0\.0\.0\.0:0: other hosts would reach the admin API there; use a/,
    );
    expect(exitCode).toBe(2);
  });
});
