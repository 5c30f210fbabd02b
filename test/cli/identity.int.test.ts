import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { until } from '../support/until.ts';
import { SHOP } from '../contexts/sample.ts';
import { banyan } from './support/banyan.ts';
import { openSite } from './support/site.ts';

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'banyan-identity-'));
  onTestFinished(() => rm(made, { recursive: true, force: true }));
  return made;
}

test('`identity key` makes a key that its owner alone can read, never over another, and `jwks` prints what is public of it', async () => {
  const made = await folder();
  const [one, two] = [join(made, 'one.jwk'), join(made, 'two.jwk')];
  const [first, second] = await Promise.all([
    banyan(['identity', 'key', '--out', one]),
    banyan(['identity', 'key', '--out', two, '--algorithm', 'EdDSA']),
  ]);
  expect([first, second]).toMatchObject([{ exitCode: 0 }, { exitCode: 0 }]);
  expect((await stat(one)).mode & 0o777).toBe(0o600);
  const written = await readFile(one, 'utf8');
  const { kid, d } = JSON.parse(written) as { kid: string; d: string };
  expect(first.stdout).toContain(kid);
  expect(first.stdout + second.stdout).not.toContain(d);

  const again = await banyan(['identity', 'key', '--out', one]);
  expect(again).toMatchObject({ exitCode: 2, stdout: '' });
  expect(again.stderr).toContain(`${one} is there already; a key is never written over`);
  expect(await readFile(one, 'utf8')).toBe(written);

  const file = join(made, 'banyan.yaml');
  const keys = `['\${file:${one}}', '\${file:${two}}']`;
  await writeFile(
    file,
    `${SHOP}    identity: {}\ngateway: { identity: { path: /whoami, cookies: [sid], keys: ${keys} } }\n`,
  );
  const jwks = await banyan(['-c', file, 'identity', 'jwks']);
  expect(jwks).toMatchObject({ exitCode: 0, stderr: '' });
  expect(JSON.parse(jwks.stdout)).toMatchObject({ keys: [{ kid, alg: 'ES256' }, { alg: 'EdDSA' }] });
  expect(jwks.stdout).not.toContain(d);

  expect((await banyan(['-c', file, 'config', 'check'])).stderr).not.toContain('private key');
  await chmod(two, 0o644);
  const checked = await banyan(['-c', file, 'config', 'check']);
  expect(checked.stderr).toContain(
    `warning: ${two} has a private key, and others than its owner can read it`,
  );
  expect(checked.stderr).not.toContain(one);
  expect(checked.exitCode).toBe(0);
});

test('without gateway.identity there are no keys to print', async () => {
  const file = join(await folder(), 'banyan.yaml');
  await writeFile(file, SHOP);
  const ran = await banyan(['-c', file, 'identity', 'jwks']);
  expect(ran).toMatchObject({ exitCode: 2, stdout: '' });
  expect(ran.stderr).toContain('has no gateway.identity, and so no keys');
});

test('a running gateway publishes what its configuration and the files of its keys hold, without a restart', async () => {
  const site = await openSite();
  onTestFinished(() => site.stop());
  const [listen, ops] = [await site.address(), await site.address()];
  const [one, two] = [join(site.folder, 'one.jwk'), join(site.folder, 'two.jwk')];
  const makeKey = async (file: string) => {
    await rm(file, { force: true });
    expect((await banyan(['identity', 'key', '--out', file])).exitCode).toBe(0);
    return (JSON.parse(await readFile(file, 'utf8')) as { kid: string }).kid;
  };
  const first = await makeKey(one);
  const second = await makeKey(two);
  const file = join(site.folder, 'banyan.yaml');
  const write = (...keys: string[]) =>
    writeFile(
      file,
      `gateway:
  listen: ${listen}
  ops: ${ops}
  stateDir: ${join(site.folder, 'state')}
  identity: { path: /whoami, cookies: [sid], keys: [${keys.map((key) => `'\${file:${key}}'`).join(', ')}] }
upstreams: { monolith: { url: '${site.monolith}' }, service: { url: '${site.service}' } }
contexts: { goods: { upstream: service, reads: extracted, routes: ['GET /goods'], identity: {} } }
`,
    );
  await write(one);
  const gateway = await site.start(`http://${ops}/readyz`, '-c', file, 'gateway', '--no-admin');
  const published = async () => {
    const answer = await fetch(`http://${ops}/.well-known/jwks.json`);
    return ((await answer.json()) as { keys: { kid: string }[] }).keys.map(({ kid }) => kid);
  };
  expect(await published()).toEqual([first]);
  await write(one, two);
  await until('the file is read', async () => (await published()).length === 2);
  expect(await published()).toEqual([first, second]);
  const third = await makeKey(two);
  gateway.kill('SIGHUP');
  await until('the key is read again', async () => (await published())[1] === third);
});
