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

/** `banyan gateway` with nothing but a monolith, as a process of its own, that can be started again. */
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
  const opsUrl = `http://127.0.0.1:${ops}`;
  const ready = async () => (await fetch(`${opsUrl}/readyz`)).ok;
  const start = async () => {
    const child = startChild({ command: process.execPath, args: [CLI, '-c', config, 'gateway'] });
    onTestFinished(() => child.stop());
    await until('it is ready', ready, 30_000);
    return child;
  };
  return { url: `http://127.0.0.1:${port}`, opsUrl, ready, start, child: await start() };
}

/** What a load balancer does: takes each in turn that said to be ready when last asked, all 50 ms. */
function balance(backends: readonly Pick<Awaited<ReturnType<typeof startProcess>>, 'url' | 'ready'>[]) {
  const agent = new Agent({ keepAlive: true });
  const up = new Set(backends);
  let turn = 0;
  const look = setInterval(() => {
    for (const backend of backends)
      void backend.ready().then(
        (ready) => (ready ? up.add(backend) : up.delete(backend)),
        () => up.delete(backend),
      );
  }, 50);
  onTestFinished(() => {
    clearInterval(look);
    agent.destroy();
  });
  return (target: string, options: { method: string; body?: string }) => {
    const ready = [...up];
    return send(ready[(turn += 1) % ready.length]!.url, target, { agent, ...options });
  };
}

test('a rolling restart of two gateways under load loses nothing: 10,000 requests, reads and writes, each answered once', async () => {
  const monolith = await startUpstream('monolith', (request, response, body) => {
    const end = () => response.end(`${request.method} ${request.url} ${body}`);
    // Some are always under way when a gateway is told to go.
    if (request.url!.endsWith('77')) setTimeout(end, 100);
    else end();
  });
  const gateways = await Promise.all([startProcess(monolith.url), startProcess(monolith.url)]);
  const request = balance(gateways);
  const lost: unknown[] = [];
  let sent = 0;
  let restarted = false;
  const client = async () => {
    while (sent < 10_000 || !restarted) {
      const target = `/${(sent += 1)}`;
      const options = sent % 3 === 0 ? { method: 'POST', body: `body of ${target}` } : { method: 'GET' };
      const wanted = `${options.method} ${target} ${options.body ?? ''}`;
      const got = await request(target, options).catch((error: unknown) => String(error));
      if (typeof got === 'string' || got.status !== 200 || got.body !== wanted) lost.push([wanted, got]);
    }
  };
  const clients = Array.from({ length: 16 }, client);
  for (const gateway of gateways) {
    const before = sent;
    await until('there is load', () => sent > before + 200);
    gateway.child.kill('SIGTERM');
    expect(await gateway.child.ended).toBe(0);
    await gateway.start();
  }
  restarted = true;
  await Promise.all(clients);
  expect(lost).toEqual([]);
  expect(sent).toBeGreaterThanOrEqual(10_000);
  const targets = monolith.seen.map(({ target }) => target);
  expect(targets).toHaveLength(sent);
  expect(new Set(targets).size).toBe(sent);
});

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
