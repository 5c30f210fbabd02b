import { Agent } from 'node:http';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { freePort, startChild } from '../../demo/servers/child.ts';
import { until } from '../support/until.ts';
import { send } from './support/client.ts';
import { freshFolder } from './support/gateway.ts';
import { startUpstream } from './support/upstream.ts';

const CLI = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));

/** `banyan gateway` with nothing but a monolith, as a process of its own. */
async function startProcess(monolith: string) {
  const folder = await freshFolder();
  const config = join(folder, 'banyan.yaml');
  const [port, ops, admin] = [await freePort(), await freePort(), await freePort()];
  await writeFile(
    config,
    `gateway: { listen: '127.0.0.1:${port}', ops: '127.0.0.1:${ops}', stateDir: '${folder}' }
upstreams: { monolith: { url: '${monolith}' } }
control: { admin: '127.0.0.1:${admin}' }
`,
  );
  const child = startChild({ command: process.execPath, args: [CLI, '-c', config, 'gateway'] });
  onTestFinished(() => child.stop());
  const opsUrl = `http://127.0.0.1:${ops}`;
  await until('it is ready', async () => (await fetch(`${opsUrl}/readyz`)).ok, 30_000);
  return { url: `http://127.0.0.1:${port}`, opsUrl, child };
}

test('at SIGTERM a gateway with idle and busy keep-alive clients ends what it has begun, and is gone in seconds', async () => {
  let held: (() => void) | undefined;
  const monolith = await startUpstream('monolith', (request, response) => {
    if (request.url === '/slow') held = () => response.end('done');
    else response.end('monolith');
  });
  const { url, opsUrl, child } = await startProcess(monolith.url);
  const agent = new Agent({ keepAlive: true });
  onTestFinished(() => agent.destroy());
  const slow = send(url, '/slow', { agent });
  await until('the slow request is under way', () => held);

  let answered = 0;
  const goOn = async () => {
    for (;;) {
      try {
        const { status } = await send(url, '/a', { agent });
        if (status === 200) answered += 1;
      } catch (error) {
        return (error as NodeJS.ErrnoException).code;
      }
    }
  };
  const clients = [goOn(), goOn()];
  await until('they are busy', () => answered > 100);
  const began = performance.now();
  child.kill('SIGTERM');
  await until('it says that it is not ready', async () => (await fetch(`${opsUrl}/readyz`)).status === 503);
  const ends = await Promise.all(clients);
  held!();
  expect(await slow).toMatchObject({ body: 'done', headers: { connection: 'close' } });
  expect(await child.ended).toBe(0);
  expect(performance.now() - began).toBeLessThan(5_000);
  expect(ends.filter((code) => code !== 'ECONNREFUSED' && code !== 'ECONNRESET')).toEqual([]);
  expect(monolith.seen.length).toBe(answered + 1);
});
