import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { memorySource } from '../../support/memory-source.ts';
import { until } from '../../support/until.ts';
import { send } from '../support/client.ts';
import { failureOf, forwarders, startForwarding } from '../support/forwarding.ts';
import { started } from '../support/gateway.ts';
import { protectedShop } from '../support/protected.ts';
import { startRaw, startUpstream } from '../support/upstream.ts';

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n';

const both = (run: (open: (typeof forwarders)[number][1]) => Promise<void>) =>
  Promise.all(forwarders.map(([, open]) => run(open)));

test('an answer that becomes silent in its body is broken off after its time', () =>
  both(async (open) => {
    const silent = await startRaw((socket) => socket.once('data', () => socket.write(`${HEAD}half`)));
    const { url, outcomes } = await startForwarding(open, {
      url: silent.url,
      timeout: undefined,
      idleTimeout: 300,
    });
    const began = performance.now();
    await expect(send(url, '/')).rejects.toThrow();
    expect(performance.now() - began).toBeGreaterThan(290);
    await until('the outcome', () => outcomes.length > 0);
    const { cause, ...failure } = failureOf(outcomes)!;
    expect(failure).toEqual({ side: 'upstream', phase: 'body', late: true, stale: false });
    expect(cause.message).toBe("nothing of the answer's body for 300 ms");
  }));

test('one that goes on, however slowly, is not', () =>
  both(async (open) => {
    const slow = await startRaw((socket) =>
      socket.once('data', () => {
        let left = 9;
        socket.write(HEAD);
        const drip = setInterval(() => {
          socket.write('.');
          if ((left -= 1) === 0) clearInterval(drip);
        }, 150);
      }),
    );
    const { url } = await startForwarding(open, { url: slow.url, timeout: undefined, idleTimeout: 1_100 });
    expect((await send(url, '/')).body).toBe('.........');
  }));

test('a client that reads slowly is no idle upstream', () =>
  both(async (open) => {
    const size = 16 * 1024 * 1024;
    const upstream = await startUpstream('big', (_request, response) => response.end(Buffer.alloc(size)));
    const { url } = await startForwarding(open, { url: upstream.url, timeout: undefined, idleTimeout: 800 });
    const { hostname, port } = new URL(url);
    const client = connect(Number(port), hostname);
    client.write('GET / HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n');
    client.pause();
    const began = performance.now();
    // undici's clock has a step of half a second.
    await until('several times the idle time', () => performance.now() - began > 2_400);
    let got = 0;
    let closed = false;
    client.on('data', (chunk) => (got += chunk.length)).on('close', () => (closed = true));
    client.resume();
    await until('the end', () => closed);
    expect(got).toBeGreaterThan(size);
  }));

test('slow exports of the monolith go on while its services are held to their times', async () => {
  const exports: (() => void)[] = [];
  const monolith = await startRaw((socket) =>
    socket.once('data', () => {
      socket.write(HEAD);
      exports.push(() => socket.write('at last !'));
    }),
  );
  const silent = await startRaw((socket) => socket.once('data', () => socket.write(`${HEAD}half`)));
  const config = await protectedShop(
    { monolith: monolith.url, inventory: silent.url },
    { inventory: 'timeout: 300ms, connectTimeout: 300ms, idleTimeout: 300ms, breaker: none' },
  );
  const gateway = await started(config, memorySource({ inventory: { reads: { stage: 'extracted' } } }));
  const slow = [
    send(gateway.url, '/export'),
    send(gateway.url, '/export', { headers: { trailer: 'x', 'transfer-encoding': 'chunked' } }),
  ];
  await until('the exports have begun', () => exports.length === 2);
  await expect(send(gateway.url, '/inventory/a')).rejects.toThrow();
  for (const end of exports) end();
  for (const answer of slow) expect((await answer).body).toBe('at last !');
});
