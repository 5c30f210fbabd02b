import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { until } from '../support/until.ts';
import { banyan } from './support/banyan.ts';
import { openSite, type Site } from './support/site.ts';

let site: Site;
beforeAll(async () => {
  site = await openSite();
});
afterAll(() => site.stop());

it('a gateway takes its changed file over by itself or at SIGHUP, and its admin API with it; never with a mistake', async () => {
  const [listen, ops, admin, control] = [
    ...[await site.address(), await site.address()],
    ...[await site.address(), await site.address()],
  ];
  const file = join(site.folder, 'banyan.yaml');
  const write = (route: string, more = '') =>
    writeFile(
      file,
      `gateway: { listen: '${listen}', ops: '${ops}', stateDir: '${join(site.folder, 'state')}' }
control: { admin: '${admin}', ops: '${control}' }
upstreams: { monolith: { url: '${site.monolith}' }, service: { url: '${site.service}' } }
contexts: { goods: { upstream: service, reads: extracted, routes: ['GET ${route}'] } }
${more}`,
    );
  await write('/one');
  const gateway = await site.start(`http://${ops}/readyz`, '-c', file, 'gateway');
  const answer = async (target: string) => (await fetch(`http://${listen}${target}`)).text();
  expect([await answer('/one'), await answer('/two')]).toEqual(['service', 'monolith']);
  await write('/two');
  await until('the file is read', async () => (await answer('/two')) === 'service');
  expect(await answer('/one')).toBe('monolith');
  const route = await banyan(['-c', file, 'route', 'GET', '/two', '--json']);
  expect(JSON.parse(route.stdout)).toMatchObject({ upstream: 'service', context: 'goods' });
  const good = await readFile(file, 'utf8');
  await write('/one', 'redis: nowhere');
  gateway.kill('SIGHUP');
  await until('the mistake is logged', () => gateway.output().includes('redis: '));
  expect(await answer('/two')).toBe('service');
  const wares = "wares: { upstream: service, routes: ['GET /wares'] }";
  await writeFile(file, good.replace('/two', '/three').replace("'] } }", `'] }, ${wares} }`));
  gateway.kill('SIGHUP');
  await until('the file is read again', async () => (await answer('/three')) === 'service');
  // A context that is new is one for the store, too.
  const set = await banyan(['-c', file, 'context', 'set', 'wares', '--reads', 'extracted']);
  expect(set).toMatchObject({ stderr: '', exitCode: 0 });
  expect(await answer('/wares')).toBe('service');
});
