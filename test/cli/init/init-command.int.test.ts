import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../support/until.ts';
import { banyan } from '../support/banyan.ts';
import { openSite, type Site } from '../support/site.ts';

let site: Site;
beforeAll(async () => {
  site = await openSite();
});
afterAll(() => site.stop());

const ROUTE = ['--route', 'GET /inventory/:sku'];
const init = (args: string[], input?: string) =>
  banyan(['init', ...args], { cwd: site.folder, input: input ?? '' });

describe('banyan init', () => {
  it('writes a file from the monolith’s URL and one route, and the gateway works with it', async () => {
    const wrote = await init(['--monolith', site.monolith, ...ROUTE, '--service', site.service]);
    expect(wrote).toMatchObject({ exitCode: 0, stderr: '' });
    const file = join(site.folder, 'banyan.yaml');
    expect(wrote.stdout).toContain(`wrote ${file}: context inventory, its service at ${site.service}\n`);

    // As written, but for ports that nobody else has.
    const [listen, ops, admin] = [await site.address(), await site.address(), await site.address()];
    const text = (await readFile(file, 'utf8'))
      .replace('127.0.0.1:8080', listen)
      .replace('127.0.0.1:9101', ops);
    await writeFile(file, `${text}control: { admin: '${admin}' }\n`);
    await site.start(`http://${ops}/readyz`, 'gateway');
    const ask = async () => {
      const response = await fetch(`http://${listen}/inventory/a`, { headers: { cookie: 'session=ada' } });
      return response.text();
    };
    expect(await ask()).toBe('monolith');

    const context = (...args: string[]) => banyan(['context', ...args], { cwd: site.folder });
    await until('the admin API', async () => (await context('list')).exitCode === 0);
    const quarter = await context('set', 'inventory', '--reads', 'canary', '--percent', '25');
    expect(quarter).toMatchObject({ exitCode: 0, stderr: '' });
    expect(quarter.stdout).toMatch(/^inventory: reads legacy → canary 25 %\n1 of 1 at revision 2, /);
    for (const args of [['canary', '--percent', '100'], ['extracted']]) {
      expect(await context('set', 'inventory', '--reads', ...args)).toMatchObject({ exitCode: 0 });
      expect(await ask()).toBe('service');
    }
    for (const turn of ['extracted → canary 100 %', 'canary 100 % → canary 25 %', 'canary 25 % → legacy']) {
      const undone = await context('undo', 'inventory');
      expect(undone).toMatchObject({
        exitCode: 0,
        stdout: expect.stringContaining(`inventory: reads ${turn}\n`),
      });
    }
    expect(await ask()).toBe('monolith');
  });

  it('asks for what no flag says, again after a bad answer', async () => {
    const asked = await init(['--output', 'asked.yaml'], `ftp://x\n${site.monolith}\nGET /api/Orders/:id\n`);
    expect(asked).toMatchObject({ exitCode: 0, stderr: '' });
    expect(asked.stdout).toContain("The monolith's URL [http://127.0.0.1:3000]: ");
    expect(asked.stdout).toMatch(/not possible: required: a URL that begins with http/);
    const text = await readFile(join(site.folder, 'asked.yaml'), 'utf8');
    expect(text).toContain(`url: '${site.monolith}'`);
    expect(text).toMatch(/^ {2}orders:\n {4}upstream: orders-service\n/m);
    expect(text).toContain("url: 'http://127.0.0.1:3001'");
  });

  it('never overwrites a file unless it is told to', async () => {
    await writeFile(join(site.folder, 'mine.yaml'), 'mine');
    const args = ['--monolith', site.monolith, ...ROUTE, '--output', 'mine.yaml'];
    const refused = await init(args);
    expect(refused).toMatchObject({ exitCode: 2, stdout: '' });
    expect(refused.stderr).toMatch(/^banyan: mine\.yaml is there already and stays as it is; .*--force\n$/);
    expect(await readFile(join(site.folder, 'mine.yaml'), 'utf8')).toBe('mine');
    expect(await init([...args, '--force'])).toMatchObject({ exitCode: 0 });
    expect(await readFile(join(site.folder, 'mine.yaml'), 'utf8')).toContain('upstreams:');
  });

  it.each([
    [['--output', 'x.yaml'], /^banyan: not answered, and not given: --monolith <url>, --route 'GET/],
    [
      ['--monolith', 'ftp://h', '--output', 'x.yaml'],
      /^banyan: --monolith 'ftp:\/\/h': required: a URL that/,
    ],
    [
      ['--output', 'nodir/e.yaml'],
      /^banyan: can't write nodir\/e\.yaml: there is no folder nodir; make it, or/,
    ],
    [
      ['--force', '--output', '.', '--monolith', 'http://h', ...ROUTE],
      /^banyan: can't write \.: EISDIR.*--output\n$/,
    ],
  ])('called with %j it says what is wrong, writes nothing and exits with 2', async (args, message) => {
    const { exitCode, stderr } = await init(args);
    expect(stderr).toMatch(message);
    expect(exitCode).toBe(2);
  });
});
