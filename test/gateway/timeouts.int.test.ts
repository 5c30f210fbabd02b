import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { memorySource } from '../support/memory-source.ts';
import { until } from '../support/until.ts';
import { send } from './support/client.ts';
import { failuresOf, shopConfig, started } from './support/gateway.ts';
import { startRaw, startUpstream } from './support/upstream.ts';

/** A request with trailers, which goes another way through the gateway than plain ones. */
const CHUNKED = { trailer: 'x-t', 'transfer-encoding': 'chunked' };

const BOTH = { inventory: { reads: { stage: 'extracted' }, writes: { stage: 'extracted' } } } as const;

test('an upstream that is slower than its configured time is 504', async () => {
  const silent = await startRaw(() => {});
  const monolith = await startUpstream('monolith');
  const config = await shopConfig({ monolith: monolith.url, inventory: silent.url }, { timeout: '300ms' });
  const gateway = await started(config, memorySource(BOTH));
  const began = performance.now();
  expect(await send(gateway.url, '/inventory/a')).toMatchObject({
    status: 504,
    body: '504 Gateway Timeout\n',
  });
  expect(performance.now() - began).toBeGreaterThan(290);
  expect(performance.now() - began).toBeLessThan(10_000);
  expect((await send(gateway.url, '/inventory/a', { method: 'POST', body: 'x' })).status).toBe(504);
  expect(
    (await send(gateway.url, '/inventory/a', { method: 'POST', body: 'x', headers: { trailer: 'x-t' } }))
      .status,
  ).toBe(504);
  expect(failuresOf(gateway)).toMatchObject(
    [1, 2, 3].map(() => ({ side: 'upstream', phase: 'head', upstream: 'inventory' })),
  );
  expect(monolith.seen).toEqual([]);
});

test('the configured time counts from the request’s last byte: a slow upload is not a slow upstream', async () => {
  const inventory = await startUpstream('inventory');
  const config = await shopConfig(
    { monolith: inventory.url, inventory: inventory.url },
    { timeout: '300ms' },
  );
  const gateway = await started(config, memorySource(BOTH));
  for (const field of ['X-Plain: 1', 'Trailer: X-T']) {
    const { hostname, port } = new URL(gateway.url);
    const socket = connect(Number(port), hostname);
    let got = '';
    socket.on('data', (chunk) => (got += chunk.toString()));
    socket.write(
      `POST /inventory/a HTTP/1.1\r\nHost: shop\r\n${field}\r\nTransfer-Encoding: chunked\r\n\r\n`,
    );
    const began = performance.now();
    const trickle = setInterval(() => socket.write('1\r\nx\r\n'), 50);
    await until('twice the configured time', () => performance.now() - began > 600);
    clearInterval(trickle);
    socket.write('0\r\n\r\n');
    await until('the answer', () => got !== '');
    expect(got).toMatch(/^HTTP\/1.1 200/);
    socket.destroy();
  }
});

test('towards the monolith there is no time limit unless one is configured', async () => {
  const answers: (() => void)[] = [];
  const monolith = await startUpstream('monolith', (_request, response) => {
    answers.push(() => response.end('at last'));
  });
  const urls = { monolith: monolith.url, inventory: monolith.url };
  const patient = await started(await shopConfig(urls, { timeout: '200ms' }), memorySource());
  const hasty = await started(await shopConfig(urls, { monolithTimeout: '200ms' }), memorySource());
  const waiting = [send(patient.url, '/export'), send(patient.url, '/export', { headers: CHUNKED })];
  await until('the patient gateway’s requests', () => answers.length === 2);
  expect((await send(hasty.url, '/export')).status).toBe(504);
  for (const answer of answers) answer();
  for (const answer of waiting) expect((await answer).body).toBe('at last');
});
