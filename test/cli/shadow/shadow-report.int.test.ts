import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { send } from '../../gateway/support/client.ts';
import { freshFolder } from '../../gateway/support/gateway.ts';
import { closedUrl, startUpstream } from '../../gateway/support/upstream.ts';
import { json, shadowing, untilCounted } from '../../gateway/shadow/support.ts';
import { banyan } from '../support/banyan.ts';

const SHADOW = '{ sample: 1, minSamples: 2, minMatch: 0.3 }';
const opsOf = ({ opsUrl }: { opsUrl: string }) => opsUrl.replace('http://', '');

test('the report adds up what all gateways saw, route by route, and is go when everything is', async () => {
  const monolith = await startUpstream('monolith', json({ price: 1.5 }));
  const inventory = await startUpstream('inventory', (request, response) =>
    json({ price: request.url === '/inventory/b' ? 2 : 1.5 })(request, response),
  );
  const urls = { monolith: monolith.url, inventory: inventory.url };
  const gateways = [await shadowing(urls, SHADOW), await shadowing(urls, SHADOW)] as const;
  const [first, second] = gateways.map(opsOf);
  for (const { url } of gateways) {
    await send(url, '/inventory/a');
    await send(url, '/stock/a');
    await send(url, '/twice/a');
  }
  for (const gateway of gateways) await untilCounted(gateway, 'match', 3);
  const folder = await freshFolder();
  await writeFile(join(folder, 'banyan.yaml'), `gateway: { fleet: ['${first}', '${second}'] }\n`);
  const report = (...args: string[]) => banyan(['shadow', 'report', 'inventory', ...args], { cwd: folder });

  const go = await report();
  expect(go).toMatchObject({ exitCode: 0, stderr: '' });
  const lines = go.stdout.split('\n');
  expect(lines[0]).toBe('inventory: go');
  expect(lines[1]).toBe('2 of 2 gateways, the last 24 h; 3 of 3 routes have 2 comparisons or more');
  expect(go.stdout).toMatch(/^GET \/stock\/:sku +go +2 +100 % \(34.23 % to 100 %\) +0 +0 +0 +0 +0$/m);

  // The same process by two names counts once; one that is away makes a go unknown.
  const alone = JSON.parse((await report('--json', '--ops', `${first},${first}`)).stdout);
  expect(alone).toMatchObject({
    verdict: 'unknown',
    routes: [{ samples: 1 }, { samples: 1 }, { samples: 1 }],
  });
  const away = (await closedUrl()).replace('http://', '');
  const partly = await report('--ops', `${first},${second}`, '--ops', away);
  expect(partly.exitCode).toBe(1);
  expect(partly.stdout).toMatch(/^inventory: unknown\n2 of 3 gateways/);
  expect(partly.stdout).toContain(`! ${away} was not reached, so unknown: connect ECONNREFUSED`);

  for (let time = 0; time < 30; time += 1) await send(gateways[0].url, '/inventory/b');
  await untilCounted(gateways[0], 'mismatch', 30);
  const noGo = await report('--examples', '1');
  expect(noGo.exitCode).toBe(1);
  expect(noGo.stdout).toMatch(/^inventory: no-go$/m);
  expect(noGo.stdout).toContain('mismatches of GET /inventory/:sku, the latest first:');
  expect(noGo.stdout.match(/\$\.price {2}monolith: 1.5 {2}extracted: 2/g)).toHaveLength(1);
});

test('what can’t be known is said, and how to ask for it', async () => {
  const cwd = await freshFolder();
  const upstream = await startUpstream('monolith');
  const gateway = await shadowing({ monolith: upstream.url, inventory: upstream.url }, SHADOW);
  const away = (await closedUrl()).replace('http://', '');
  const [unknown, none, foreign] = await Promise.all([
    banyan(['shadow', 'report', 'orders', '--ops', opsOf(gateway)], { cwd }),
    banyan(['shadow', 'report', 'inventory', '--ops', away], { cwd }),
    banyan(['shadow', 'report', 'inventory', '--ops', upstream.url], { cwd }),
  ]);
  expect(unknown).toMatchObject({ exitCode: 2, stdout: '' });
  expect(unknown.stderr).toContain("context 'orders' is not defined; known contexts: inventory");
  expect(none).toMatchObject({ exitCode: 1, stdout: '' });
  expect(none.stderr).toContain('no gateway was reached');
  expect(foreign.stderr).toContain("not as a gateway's ops port does");
});
