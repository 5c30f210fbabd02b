import { spawnSync } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import express, { type RequestHandler } from 'express';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { freePort, startChild, untilReady } from '../../../demo/servers/child.ts';
import type { Config } from '../../../contexts/index.ts';
import { memorySource } from '../../support/memory-source.ts';
import { until } from '../../support/until.ts';
import { send, type Answer } from '../support/client.ts';
import { freshFolder, started, type Started } from '../support/gateway.ts';
import { siteConfig } from './site.ts';

const page = readFileSync(new URL('../../../docs/identity.md', import.meta.url), 'utf8');
const root = fileURLToPath(new URL('../../../', import.meta.url));

/** The blocks of this language under a heading of docs/identity.md. */
function blocksUnder(heading: string, language: string): string[] {
  const section = page.split(`\n## ${heading}\n`)[1]!.split('\n## ')[0]!;
  const blocks = [...section.matchAll(new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``, 'g'))];
  return blocks.map(([, code = '']) => code);
}

/** A folder from which the packages of this one are found. */
async function moduleFolder(): Promise<string> {
  const folder = join(root, 'node_modules', '.cache', `recipe-${process.pid}-${Date.now()}`);
  await mkdir(folder, { recursive: true });
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** The service of the page: `identify` of "The token", `csrfChecked` of "CSRF". */
async function startService() {
  const folder = await moduleFolder();
  const [token = ''] = blocksUnder('The token', 'js');
  const [csrf = ''] = blocksUnder('CSRF', 'js');
  await writeFile(join(folder, 'service.mjs'), `${token}\n${csrf}`);
  const service = express();
  const server = createServer(service);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const begin = async (keys: string) => {
    process.env['GATEWAY_KEYS'] = keys;
    const { identify, csrfChecked } = (await import(
      pathToFileURL(join(folder, 'service.mjs')).href
    )) as Record<'identify' | 'csrfChecked', RequestHandler>;
    delete process.env['GATEWAY_KEYS'];
    const who = (request: express.Request) => (request as { user?: { sub: string; csrf?: string } }).user;
    service.use(identify, express.urlencoded({ extended: false }));
    service.get('/inventory/:sku', (request, response) => {
      const user = who(request);
      response.send(user ? `for ${user.sub} <input name="csrf" value="${user.csrf}">` : 'for nobody');
    });
    service.post('/inventory/:sku', csrfChecked, (request, response) => {
      response.send(`written for ${who(request)?.sub}`);
    });
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, begin };
}

/** A gateway before this monolith, whose service is the page's. */
async function startSite(monolith: string, identity: Partial<Config['gateway']['identity'] & object>) {
  const service = await startService();
  const config = await siteConfig(
    { monolith: { url: monolith }, service },
    { context: '{ claims: [role, csrf] }' },
  );
  const changed = {
    ...config,
    gateway: { ...config.gateway, identity: { ...config.gateway.identity!, ...identity } },
  };
  const moved = { inventory: { reads: { stage: 'extracted' }, writes: { stage: 'extracted' } } } as const;
  const gateway = await started(changed, memorySource(moved));
  await service.begin(`${gateway.opsUrl}/.well-known/jwks.json`);
  return gateway;
}

/** A browser with one cookie. */
function browse({ url }: Started, cookieName: string) {
  let cookie: string | undefined;
  return async (
    method: string,
    target: string,
    form?: Record<string, string>,
    origin?: string,
  ): Promise<Answer> => {
    const answer = await send(url, target, {
      method,
      headers: {
        ...(cookie === undefined ? {} : { cookie }),
        ...(origin === undefined ? {} : { origin }),
        ...(form ? { 'content-type': 'application/x-www-form-urlencoded' } : {}),
      },
      ...(form ? { body: new URLSearchParams(form).toString() } : {}),
    });
    for (const line of answer.headers['set-cookie'] ?? [])
      if (line.startsWith(`${cookieName}=`)) cookie = line.split(';')[0]!;
    return answer;
  };
}

const csrfIn = ({ body }: Answer) => /name="csrf" value="([^"]+)"/.exec(body)?.[1] ?? '';

test('the recipe for Express sessions: log-in and log-out are seen at once, and forms of either side are checked by one token', async () => {
  const folder = await moduleFolder();
  const [code = ''] = blocksUnder('Express sessions', 'js');
  await writeFile(join(folder, 'monolith.mjs'), code);
  const port = await freePort();
  const child = startChild({
    command: process.execPath,
    args: [join(folder, 'monolith.mjs')],
    env: { ...process.env, PORT: String(port), SESSION_SECRET: 'of the test' },
  });
  onTestFinished(() => child.stop());
  const monolith = `http://127.0.0.1:${port}`;
  await untilReady(child, 'the monolith', async () => (await fetch(monolith)).status === 404);

  const gateway = await startSite(monolith, { path: '/banyan/identity', cookies: ['shop.sid'] });
  const ask = browse(gateway, 'shop.sid');
  expect((await ask('GET', '/inventory/a')).body).toBe('for nobody');
  expect((await ask('GET', '/banyan/identity')).status).toBe(404);
  expect((await ask('POST', '/login', { user: 'ada' })).status).toBe(303);
  const read = await ask('GET', '/inventory/a');
  expect(read.body).toMatch(/^for ada /);
  const csrf = csrfIn(read);
  expect((await ask('POST', '/inventory/a', { csrf }, gateway.url)).body).toBe('written for ada');
  expect((await ask('POST', '/inventory/a', { csrf }, 'https://evil.example')).status).toBe(403);
  expect((await ask('POST', '/inventory/a', { csrf: 'guessed' }, gateway.url)).status).toBe(403);
  expect((await ask('POST', '/logout')).status).toBe(303);
  expect((await ask('GET', '/inventory/a')).body).toBe('for nobody');
  expect((await ask('POST', '/inventory/a', { csrf }, gateway.url)).status).toBe(403);
});

const php = spawnSync('php', ['--version']).status === 0;

test.runIf(php)(
  'the recipe for PHP sessions: seen at once, without the session’s lock, and no session is begun',
  async () => {
    const folder = await freshFolder();
    const [code = ''] = blocksUnder('PHP sessions', 'php');
    const start = '<?php session_start();';
    const files = {
      'identity.php': code,
      'login.php': `${start} session_regenerate_id(true); $_SESSION = ['user_id' => $_POST['user'], 'csrf' => 'c5rf']; echo 'in';`,
      'logout.php': `${start} $_SESSION = []; session_destroy(); echo 'out';`,
      'slow.php': `${start} touch('${folder}/held'); while (!file_exists('${folder}/go')) { usleep(5000); clearstatcache(); } echo 'slow';`,
      'index.php': "<?php echo 'monolith';",
    };
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
    await mkdir(join(folder, 'sessions'));
    const port = await freePort();
    const child = startChild({
      command: 'php',
      args: ['-d', `session.save_path=${folder}/sessions`, '-S', `127.0.0.1:${port}`, '-t', folder],
      env: { ...process.env, PHP_CLI_SERVER_WORKERS: '4' },
    });
    onTestFinished(() => child.stop());
    const monolith = `http://127.0.0.1:${port}`;
    await untilReady(child, 'PHP', async () => (await fetch(monolith)).ok);

    const gateway = await startSite(monolith, {
      path: '/identity.php',
      cookies: ['PHPSESSID'],
      changedBy: ['POST /login.php', 'POST /logout.php'],
      timeout: 2_000,
    });
    const ask = browse(gateway, 'PHPSESSID');
    expect((await ask('GET', '/inventory/a')).body).toBe('for nobody');
    expect((await ask('GET', '/identity.php')).status).toBe(404);
    expect((await ask('POST', '/login.php', { user: '42' })).body).toBe('in');
    const read = await ask('GET', '/inventory/a');
    expect(read.body).toMatch(/^for 42 /);
    expect((await ask('POST', '/inventory/a', { csrf: csrfIn(read) }, gateway.url)).body).toBe(
      'written for 42',
    );
    const cookie = { headers: { cookie: 'PHPSESSID=stranger00000000000000000' } };
    const direct = await fetch(`${monolith}/identity.php`, {
      headers: { ...cookie.headers, 'x-banyan-subrequest': 'identity' },
    });
    expect([direct.status, direct.headers.get('set-cookie')]).toEqual([204, null]);
    // `session_destroy` alone: no cookie tells of it.
    expect((await ask('POST', '/logout.php')).headers['set-cookie']).toBeUndefined();
    expect((await ask('GET', '/inventory/a')).body).toBe('for nobody');

    // A page that holds the session's lock holds the question up; then the read is refused, and never for nobody.
    await ask('POST', '/login.php', { user: '43' });
    const slow = ask('GET', '/slow.php');
    await until('the lock is held', async () => (await fetch(`${monolith}/held`)).ok);
    expect((await ask('GET', '/inventory/a')).status).toBe(503);
    await writeFile(join(folder, 'go'), '');
    expect((await slow).body).toBe('slow');
    await until('the lock is free', async () =>
      (await ask('GET', '/inventory/a')).body.startsWith('for 43 '),
    );
  },
);
