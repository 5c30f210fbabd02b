import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { temporaryFolder, type TemporaryFolder } from '../demo/servers/temporary-folder.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const { version, exports } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
  version: string;
  exports: Record<string, unknown>;
};
const subpaths = Object.keys(exports)
  .filter((path) => path !== './package.json')
  .map((path) => path.replace('.', 'banyan'));

let folder: TemporaryFolder;
const tarballs = { banyan: '', outbox: '' };

/** Runs a command as a person would who never heard of this project's npm scripts. */
async function run(cwd: string, command: string, ...args: string[]): Promise<string> {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_OPTIONS$|NODE_ENV$|VITEST)/i.test(name)),
  );
  // The Node that runs the tests, whatever else the machine has.
  env['PATH'] = `${dirname(process.execPath)}${delimiter}${env['PATH']}`;
  try {
    return (await promisify(execFile)(command, args, { cwd, env, maxBuffer: 64 * 1024 * 1024 })).stdout;
  } catch (cause) {
    const { stdout, stderr } = cause as { stdout: string; stderr: string };
    throw new Error(`${command} ${args.join(' ')} failed:\n${stdout}\n${stderr}`, { cause });
  }
}

async function pack(from: string): Promise<string> {
  const [packed] = JSON.parse(
    (await run(from, 'npm', 'pack', '--json', '--silent', '--pack-destination', folder.path)).replace(
      /^[^[]*/,
      '',
    ),
  ) as [{ filename: string }];
  return join(folder.path, packed.filename);
}

/** An empty project in which these were installed. */
async function projectWith(name: string, ...packages: string[]): Promise<string> {
  const project = join(folder.path, name);
  await mkdir(project);
  const manifest = { name, private: true, type: 'module', allowScripts: { node: true } };
  await writeFile(join(project, 'package.json'), JSON.stringify(manifest));
  await run(project, 'npm', 'install', '--prefer-offline', '--no-audit', '--no-fund', ...packages);
  return project;
}

beforeAll(async () => {
  folder = await temporaryFolder('banyan-packages-');
  // A copy, as packing builds and generates: other tests run from this tree meanwhile.
  const copy = join(folder.path, 'source');
  await cp(root, copy, {
    recursive: true,
    filter: (file) => !/^(node_modules|\.git|dist|outbox\/npm\/(esm|cjs))(\/|$)/.test(relative(root, file)),
  });
  await symlink(join(root, 'node_modules'), join(copy, 'node_modules'));
  tarballs.banyan = await pack(copy);
  tarballs.outbox = await pack(join(copy, 'outbox/npm'));
}, 600_000);

afterAll(() => folder.remove());

test('banyan, packed and installed in an empty project, has its command and all its subpaths', async () => {
  const project = await projectWith('with-banyan', tarballs.banyan);
  const banyan = (...args: string[]) => run(project, 'npx', '--no-install', 'banyan', ...args);
  expect((await banyan('--version')).trim()).toBe(version);
  expect(await banyan('--help')).toContain('gateway');
  // The migrations are found from where the package lies.
  expect(await banyan('install', 'outbox', '--print', '-d', 'mysql://dba@db.example/shop')).toMatch(
    /CREATE TABLE (IF NOT EXISTS )?`?banyan_outbox/,
  );
  // So is what Prometheus and Grafana take, and the handbook, whose links lead to pages that came along.
  expect(await banyan('observe', 'rules', 'events')).toContain('alert: BanyanOutboxLagHigh');
  expect(JSON.parse(await banyan('observe', 'dashboard'))).toMatchObject({ uid: 'banyan' });
  expect(await banyan('observe', 'handbook', 'BanyanOutboxLagHigh')).toContain('](../lag.md#');
  expect(existsSync(join(project, 'node_modules/banyan/docs/lag.md'))).toBe(true);

  expect(subpaths).toContain('banyan/consumer');
  expect(subpaths).toContain('banyan/express');
  expect(subpaths).toContain('banyan/store');
  const names = await run(
    project,
    process.execPath,
    '--input-type=module',
    '-e',
    `const all = {};
     for (const path of ${JSON.stringify(subpaths)}) all[path] = Object.keys(await import(path));
     console.log(JSON.stringify(all));`,
  );
  const exported = JSON.parse(names) as Record<string, string[]>;
  for (const path of subpaths) expect(exported[path], path).not.toEqual([]);
  expect(exported['banyan/consumer']).toContain('createConsumer');
  expect(exported['banyan/outbox']).toContain('append');
  expect(exported['banyan/relay']).toContain('embedRelay');
  await expect(run(project, process.execPath, '-e', "require('banyan/dist/cli/main.js')")).rejects.toThrow(
    'ERR_PACKAGE_PATH_NOT_EXPORTED',
  );

  await compiles(
    project,
    subpaths.map((path, index) => `export * as part${index} from '${path}';`).join('\n'),
  );
});

test('banyan on an older Node.js says which one it needs, instead of breaking', async () => {
  const project = await projectWith('with-old-node', tarballs.banyan, 'node@20');
  const banyan = join(project, 'node_modules/banyan/dist/cli/main.js');
  await expect(run(project, join(project, 'node_modules/.bin/node'), banyan, '--version')).rejects.toThrow(
    /banyan: this is Node\.js 20\.\d+\.\d+; required is 24 or later\. Install it/,
  );
});

const append = `append(async (sql, values) => void sent.push([sql, values]), {
  id: 'e-1', type: 'OrderPlaced', aggregate: { type: 'order', id: 42 }, data: { total: '12.50' },
}).then((ids) => console.log(process.version, ids[0], sent.length, /^INSERT INTO banyan_outbox /.test(sent[0][0])));`;

test.each([['18'], ['20'], ['24']])(
  '@banyan/outbox, packed and installed, is imported and required on Node %s',
  async (major) => {
    const ours = process.version.startsWith(`v${major}.`);
    const project = await projectWith(
      `outbox-on-${major}`,
      tarballs.outbox,
      ...(ours ? [] : [`node@${major}`]),
    );
    const node = ours ? process.execPath : join(project, 'node_modules/.bin/node');
    await writeFile(
      join(project, 'import.mjs'),
      `import { append } from '@banyan/outbox'; const sent = []; ${append}`,
    );
    await writeFile(
      join(project, 'require.cjs'),
      `const { append } = require('@banyan/outbox'); const sent = []; ${append}`,
    );
    const expected = new RegExp(`^v${major}\\.\\d+\\.\\d+ e-1 1 true\n$`);
    expect(await run(project, node, 'import.mjs')).toMatch(expected);
    expect(await run(project, node, 'require.cjs')).toMatch(expected);
  },
);

test('@banyan/outbox has no dependencies, and types for import and for require', async () => {
  const project = await projectWith('outbox-alone', tarballs.outbox);
  const { dependencies } = JSON.parse(await run(project, 'npm', 'ls', '--all', '--json')) as {
    dependencies: Record<string, { version: string; dependencies?: unknown }>;
  };
  expect(Object.keys(dependencies)).toEqual(['@banyan/outbox']);
  expect(dependencies['@banyan/outbox']?.dependencies).toBeUndefined();
  const manifest = JSON.parse(
    await readFile(join(project, 'node_modules/@banyan/outbox/package.json'), 'utf8'),
  ) as Record<string, unknown>;
  expect(manifest).toMatchObject({ version, license: 'Apache-2.0' });
  expect(manifest).not.toHaveProperty('dependencies');

  const use = (how: string) =>
    `${how}\nexport const ids: Promise<string[]> = append(async (sql: string, values: unknown[]) => [sql, values], {
       type: 'OrderPlaced', aggregate: { type: 'order', id: 42n }, data: null });
     // @ts-expect-error an aggregate needs an id
     void append(async () => {}, { type: 'OrderPlaced', aggregate: { type: 'order' }, data: null });`;
  await compiles(project, use("import { append } from '@banyan/outbox';"), 'mts');
  await compiles(
    project,
    use("import outbox = require('@banyan/outbox'); const { append } = outbox;"),
    'cts',
  );
});

/** Type-checks a file of that project, the packages' own declarations included. */
async function compiles(project: string, text: string, extension = 'mts'): Promise<void> {
  const file = join(project, `use.${extension}`);
  await writeFile(file, text);
  const tsc = join(dirname(fileURLToPath(import.meta.resolve('typescript/package.json'))), 'bin/tsc');
  const types = ['--typeRoots', join(root, 'node_modules/@types'), '--types', 'node'];
  const strict = ['--ignoreConfig', '--strict', '--noEmit', '--target', 'es2024', '--module', 'nodenext'];
  await run(project, process.execPath, tsc, ...strict, ...types, '--skipLibCheck', file);
}
