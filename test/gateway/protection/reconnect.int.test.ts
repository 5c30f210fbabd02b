import { expect, test } from 'vitest';
import { memorySource } from '../../support/memory-source.ts';
import { send } from '../support/client.ts';
import { forwarders, startForwarding } from '../support/forwarding.ts';
import { metric, started } from '../support/gateway.ts';
import { protectedShop } from '../support/protected.ts';
import { closedUrl, startRaw, startUpstream } from '../support/upstream.ts';

const BOTH = { inventory: { reads: { stage: 'extracted' }, writes: { stage: 'extracted' } } } as const;
const BODY = 'a body that must arrive whole '.repeat(10_000);

test.each(forwarders)(
  'a connection that was never made is tried again, with the whole body of a write: %s',
  async (_name, open) => {
    const upstream = await startUpstream('inventory', (_request, response, body) =>
      response.end(String(body.length)),
    );
    await upstream.stop();
    const port = Number(new URL(upstream.url).port);
    let asked = 0;
    const { url } = await startForwarding(open, {
      url: upstream.url,
      timeout: undefined,
      // The service comes back between the two.
      mayRetry: () => {
        asked += 1;
        upstream.server.listen(port, '127.0.0.1');
        return true;
      },
    });
    for (const headers of [{}, { 'content-length': String(BODY.length) }])
      expect(await send(url, '/', { method: 'POST', body: BODY, headers })).toMatchObject({
        status: 200,
        body: String(BODY.length),
      });
    expect(asked).toBe(1);
    expect(upstream.seen.map(({ body }) => body === BODY)).toEqual([true, true]);
  },
);

test.each(forwarders)('it is tried once more and not again: %s', async (_name, open) => {
  let asked = 0;
  const { url, outcomes } = await startForwarding(open, {
    url: await closedUrl(),
    timeout: undefined,
    mayRetry: () => (asked += 1) > 0,
  });
  expect((await send(url, '/', { method: 'POST', body: 'x' })).body).toBe('untouched');
  expect(asked).toBe(1);
  expect(outcomes).toMatchObject([
    { ok: false, failure: { side: 'upstream', phase: 'connect', late: false } },
  ]);
});

test('a write whose connection can’t be made is 502, its tries are within the budget, and the other side has none', async () => {
  const monolith = await startUpstream('monolith');
  const config = await protectedShop(
    { monolith: monolith.url, inventory: await closedUrl() },
    { inventory: 'breaker: none' },
  );
  const gateway = await started(config, memorySource(BOTH));
  const requests = 40;
  for (let request = 0; request < requests; request += 1)
    expect((await send(gateway.url, '/inventory/a', { method: 'POST', body: 'x' })).status).toBe(502);
  const tries = await metric(gateway, 'banyan_gateway_retries_total{upstream="inventory"}');
  expect(tries).toBe(requests * 0.2 + 3);
  expect(monolith.seen).toEqual([]);
});

test('a connection that isn’t there in its time is late, after a second try', () =>
  Promise.all(
    forwarders.map(async ([, open]) => {
      // The connection is there, but not what makes it one of https.
      const silent = await startRaw(() => {});
      const { url, outcomes } = await startForwarding(open, {
        url: silent.url.replace('http:', 'https:').replace('127.0.0.1', 'localhost'),
        timeout: undefined,
        connectTimeout: 100,
      });
      expect((await send(url, '/', { method: 'POST', body: 'x' })).body).toBe('untouched');
      expect(outcomes).toMatchObject([
        { ok: false, failure: { side: 'upstream', phase: 'connect', late: true } },
      ]);
      expect(silent.sockets()).toHaveLength(2);
    }),
  ));
