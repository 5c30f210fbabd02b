import { expect, test } from 'vitest';
import { memorySource } from '../../support/memory-source.ts';
import { until } from '../../support/until.ts';
import type { Config } from '../../../contexts/index.ts';
import { send, sendRaw } from '../support/client.ts';
import { shopConfig, started } from '../support/gateway.ts';
import { protectedShop } from '../support/protected.ts';
import { closedUrl, startUpstream, valuesOf } from '../support/upstream.ts';

const NAMES = ['x-banyan-context', 'x-banyan-upstream', 'x-banyan-reason', 'x-banyan-revision'];
const told = (fields: readonly string[]) => NAMES.map((name) => valuesOf(fields, name));
const withGateway = (config: Config, gateway: Partial<Config['gateway']>): Config => ({
  ...config,
  gateway: { ...config.gateway, ...gateway },
});

/** Upstreams whose answers claim to be somebody's. */
async function shop() {
  const upstream = await startUpstream('up', (_request, response) =>
    response
      .writeHead(200, [
        'X-Banyan-Upstream',
        'mine',
        'X-Banyan-Other',
        'mine',
        'Set-Cookie',
        'a=1',
        'Set-Cookie',
        'b=2',
      ])
      .end('up'),
  );
  return shopConfig({ monolith: upstream.url, inventory: upstream.url });
}

test('off, no answer says anything, and an upstream’s own fields pass', async () => {
  const gateway = await started(await shop(), memorySource());
  const { fields, headers } = await send(gateway.url, '/inventory/a');
  expect(told(fields)).toEqual([[], ['mine'], [], []]);
  expect(headers['server-timing']).toBe(undefined);
});

test('on, each answer says who gave it and why, in place of what an upstream says of it', async () => {
  const gateway = await started(
    withGateway(await shop(), { answerFields: true }),
    memorySource({ inventory: { reads: { stage: 'canary', percent: 100 } } }),
  );
  const answer = await send(gateway.url, '/inventory/a', { headers: { cookie: 'sid=ada' } });
  expect(told(answer.fields)).toEqual([
    ['inventory'],
    ['inventory'],
    [expect.stringMatching(/^reads canary 100 %: cohort 0\.\d+ < 1 -> extracted$/)],
    ['1'],
  ]);
  expect(answer.headers['x-banyan-other']).toBe('mine');
  expect(answer.headers['set-cookie']).toEqual(['a=1', 'b=2']);
  expect(answer.body).toBe('up');
  const other = await send(gateway.url, '/other');
  expect(told(other.fields)).toEqual([[], ['monolith'], ['no route matches -> monolith'], ['1']]);
});

test('the gateway’s own answers say so too: retired, failed, shed, instead of a failing service', async () => {
  const monolith = await startUpstream('monolith');
  const config = await protectedShop(
    { monolith: monolith.url, inventory: await closedUrl() },
    { inventory: 'breaker: { consecutive: 1, openFor: 1m }' },
  );
  const source = memorySource({
    inventory: { reads: { stage: 'extracted' }, writes: { stage: 'extracted' } },
  });
  const gateway = await started(withGateway(config, { answerFields: true, serverTiming: 'full' }), source);
  const failed = await send(gateway.url, '/inventory/a');
  expect(failed.status).toBe(502);
  expect(told(failed.fields).slice(0, 2)).toEqual([['inventory'], ['inventory']]);
  const shed = await send(gateway.url, '/inventory/a');
  expect(shed.status).toBe(503);
  expect(shed.headers['retry-after']).toBeDefined();
  expect(told(shed.fields).slice(0, 2)).toEqual([['inventory'], ['inventory']]);
  source.set({ inventory: { reads: { stage: 'retired' }, writes: { stage: 'legacy' } } });
  const retired = await until('it is retired', async () => {
    const answer = await send(gateway.url, '/inventory/a');
    return answer.status === 410 ? answer : undefined;
  });
  expect(told(retired.fields)).toEqual([['inventory'], [], ['reads retired -> 410'], ['2']]);
  source.set({ inventory: { reads: { stage: 'extracted' } } });
  const instead = await until('the monolith', async () => {
    const answer = await send(gateway.url, '/inventory/a');
    return answer.body === 'monolith' ? answer : undefined;
  });
  expect(told(instead.fields)[1]).toEqual(['monolith']);
  expect(instead.headers['server-timing']).toMatch(
    /^banyan;dur=\d+\.\d;desc="fallback: breaker open", upstream;dur=\d+\.\d$/,
  );
});

test('in full, Server-Timing says what the gateway took and what the upstream, beside an upstream’s own', async () => {
  const upstream = await startUpstream('up', (_request, response) =>
    setTimeout(() => response.writeHead(200, { 'Server-Timing': 'db;dur=5' }).end('up'), 50),
  );
  const config = await shopConfig({ monolith: upstream.url, inventory: upstream.url });
  const gateway = await started(withGateway(config, { serverTiming: 'full' }), memorySource());
  const { fields } = await send(gateway.url, '/a');
  const [own, ours] = valuesOf(fields, 'server-timing');
  expect(own).toBe('db;dur=5');
  const [, spent, waited] = /^banyan;dur=(\d+\.\d), upstream;dur=(\d+\.\d)$/.exec(ours!)!;
  expect(Number(waited)).toBeGreaterThan(40);
  expect(Number(spent)).toBeLessThan(Number(waited) + 5_000);
  const off = await started(withGateway(config, { serverTiming: false }), memorySource());
  expect(valuesOf((await send(off.url, '/a')).fields, 'server-timing')).toEqual(['db;dur=5']);
});

test('what the reason quotes of a request can’t break a field', async () => {
  const gateway = await started(withGateway(await shop(), { answerFields: true }), memorySource());
  const answer = await sendRaw(
    gateway.url,
    'GET /inventory//\xe4%0d%0aX-Evil:1;a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n',
  );
  expect(answer).not.toMatch(/^X-Evil/im);
  const head = answer.slice(0, answer.indexOf('\r\n\r\n'));
  expect(/^X-Banyan-Reason: [\x20-\x7e]+$/m.test(head)).toBe(true);
});
