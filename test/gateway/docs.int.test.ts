import { execFile } from 'node:child_process';
import { readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { freePort, startChild, untilReady } from '../../demo/servers/child.ts';
import { memorySource } from '../support/memory-source.ts';
import { until } from '../support/until.ts';
import { send } from './support/client.ts';
import { freshFolder, shopConfig, started } from './support/gateway.ts';
import { startUpstream } from './support/upstream.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const page = await readFile(join(root, 'docs/gateway.md'), 'utf8');

/** The first block of code in this language after a heading. */
function blockOf(heading: string, language: string): string {
  const section = page.split(`## ${heading}\n`)[1];
  const block = new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(section ?? '')?.[1];
  if (block === undefined) throw new Error(`docs/gateway.md has no ${language} under ${heading}`);
  return block;
}

test('the Express monolith on the page forwards what is extracted, and takes a change of stages over', async () => {
  const inventory = await startUpstream('inventory');
  const port = await freePort();
  const folder = await freshFolder();
  const own = (text: string) => text.replaceAll('8080', String(port));
  const shop = blockOf('In an Express monolith', 'js');
  const admin = `127.0.0.1:${await freePort()}`;
  const config =
    blockOf('Decisions', 'yaml').replace('http://127.0.0.1:3001', inventory.url) +
    `control: { admin: '${admin}' }\n`;
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  await writeFile(
    join(folder, 'shop.js'),
    own(
      shop
        .replace('banyan/express', join(root, 'gateway/express.ts'))
        .replace('banyan/store', join(root, 'control-plane/store/index.ts')),
    ),
  );
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  await writeFile(join(folder, 'banyan.yaml'), own(config));
  const child = startChild({ command: process.execPath, args: ['shop.js'], cwd: folder });
  onTestFinished(() => child.stop());

  const banyan = [join(root, 'cli/main.ts'), '-c', 'banyan.yaml'];
  const controlPlane = startChild({
    command: process.execPath,
    args: [...banyan, 'control-plane', '--ops', '127.0.0.1:0'],
    cwd: folder,
  });
  onTestFinished(() => controlPlane.stop());
  await untilReady(controlPlane, 'control plane', async () => (await fetch(`http://${admin}/readyz`)).ok);

  const url = `http://127.0.0.1:${port}`;
  const bodyOf = async (target: string, method = 'GET') => (await send(url, target, { method })).body;
  await until('it listens', () => bodyOf('/'));
  const set = async (reads: string) =>
    (
      await promisify(execFile)(
        process.execPath,
        [...banyan, 'context', 'set', 'inventory', '--reads', reads],
        { cwd: folder },
      )
    ).stdout;
  expect(await set('extracted')).toMatch(/^1 of 1 at revision 2/m);
  expect(await bodyOf('/stock/abc?q=1')).toBe('inventory');
  expect(inventory.seen.map(({ target }) => target)).toEqual(['/inventory/abc?q=1']);
  expect(await bodyOf('/inventory/abc', 'POST')).toBe("the monolith's POST /inventory/abc\n");
  expect(await bodyOf('/a//b')).toBe("the monolith's GET /a//b\n");

  expect(await set('legacy')).toMatch(/^1 of 1 at revision 3/m);
  expect(await bodyOf('/stock/abc')).toBe("the monolith's GET /stock/abc\n");
  child.kill('SIGTERM');
  expect(await child.ended).toBe(0);
});

test('the page lists every metric with its labels, and no other', async () => {
  const upstream = await startUpstream('monolith');
  const urls = { monolith: upstream.url, inventory: upstream.url };
  const gateway = await started(await shopConfig(urls), memorySource());
  const text = await (await fetch(`${gateway.opsUrl}/metrics`)).text();
  const exported = [...text.matchAll(/^# TYPE (banyan_\S+)/gm)].map(([, name]) => name!);
  const listed = [...page.matchAll(/^\| `(banyan_gateway_\w+)/gm)].map(([, name]) => name!);
  expect(listed.toSorted()).toEqual(exported.toSorted());
});

test('every message of the log that the page names is one that the gateway prints', async () => {
  const sources = [
    'answer',
    'lane',
    'refusal',
    'unparsed',
    'drain',
    'snapshot/holder',
    'tell-failure',
    'protection/open-guards',
  ];
  const code = await Promise.all(sources.map((name) => readFile(join(root, `gateway/${name}.ts`), 'utf8')));
  const prose = page.replaceAll(/```[^]*?```/g, '');
  const named = [...prose.matchAll(/`((?:the|a|answered) [^`]{8,})`/g)].map(([, message]) => message!);
  const lines = [...page.matchAll(/"msg":"([^"]+)"/g)].map(([, message]) => message!);
  expect(named.length + lines.length).toBeGreaterThan(8);
  for (const message of [...named, ...lines]) expect(code.join('\n')).toContain(message);
});
