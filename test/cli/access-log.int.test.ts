import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { send } from '../gateway/support/client.ts';
import { until } from '../support/until.ts';
import { CLI } from './support/banyan.ts';
import { openSite } from './support/site.ts';

test('`banyan gateway` writes the access log on stdout and all else on stderr, and what is left at SIGTERM', async () => {
  const site = await openSite();
  onTestFinished(() => site.stop());
  const [listen, ops, admin] = [await site.address(), await site.address(), await site.address()];
  const file = join(site.folder, 'banyan.yaml');
  await writeFile(
    file,
    `gateway: { listen: '${listen}', ops: '${ops}', accessLog: true }
control: { admin: '${admin}' }
upstreams: { monolith: { url: '${site.monolith}' }, inventory: { url: '${site.service}' } }
contexts: { inventory: { upstream: inventory, routes: ['GET /inventory/:sku'], reads: extracted } }
`,
  );
  const child = spawn(process.execPath, [CLI, '-c', file, 'gateway'], { cwd: site.folder });
  onTestFinished(() => void child.kill('SIGKILL'));
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk) => (stdout += String(chunk)));
  child.stderr.on('data', (chunk) => (stderr += String(chunk)));
  const ended = once(child, 'exit');
  await until('it listens', async () => (await fetch(`http://${ops}/readyz`).catch(() => undefined))?.ok);
  for (let index = 0; index < 20; index += 1) await send(`http://${listen}`, `/inventory/${index}`);
  const metrics = await (await fetch(`http://${ops}/metrics`)).text();
  expect(metrics).toMatch(/^process_cpu_seconds_total /m);
  expect(metrics).toMatch(/^nodejs_heap_size_used_bytes /m);
  expect(metrics).toMatch(/^banyan_gateway_access_log_lost_total 0$/m);
  await send(`http://${listen}`, '/last');
  child.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines.map(({ path }) => path)).toEqual([
    ...Array.from({ length: 20 }, (_, index) => `/inventory/${index}`),
    '/last',
  ]);
  expect(lines[0]).toMatchObject({
    level: 30,
    name: 'access',
    pid: child.pid,
    upstream: 'inventory',
    status: 200,
  });
  expect(stderr).toContain('gateway listens');
  expect(stderr).not.toContain('/inventory/1"');
});
