import { expect, test } from 'vitest';
import { tracing as tracingSchema } from '../../../contexts/seeing-config.ts';
import type { AccessLine } from '../../../gateway/seeing/access-line.ts';
import { memorySource, type MemorySource } from '../../support/memory-source.ts';
import { until } from '../../support/until.ts';
import { send, sendRaw, upgradeTo } from '../support/client.ts';
import { metric, shopConfig, started } from '../support/gateway.ts';
import { closedUrl, startRaw, startUpstream, valuesOf } from '../support/upstream.ts';
import type { Config } from '../../../contexts/index.ts';
import { startCollector } from './collector.ts';

const ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';
const FIELD = `00-${ID}-${SPAN}-01`;
const FORM = /^00-([\da-f]{32})-([\da-f]{16})-0([0-3])$/;
const extracted = () => memorySource({ inventory: { reads: { stage: 'extracted' } } });

async function tracing(config: Config, how: unknown, source: MemorySource = memorySource()) {
  const lines: AccessLine[] = [];
  const gateway = await started(
    {
      ...config,
      gateway: {
        ...config.gateway,
        tracing: tracingSchema.parse(how),
        accessLog: { sample: 1, slow: 1_000, query: false, client: 'address', exclude: [] },
      },
    },
    source,
    { accessLog: { write: (line) => void lines.push(line) } },
  );
  return { gateway, url: gateway.url, lines };
}

async function shop() {
  const monolith = await startUpstream('monolith');
  const inventory = await startUpstream('inventory');
  const config = await shopConfig({ monolith: monolith.url, inventory: inventory.url });
  const got = (name: string, upstream = monolith) => valuesOf(upstream.seen.at(-1)!.fields, name);
  return { monolith, inventory, config, got };
}

test('off, a client’s own fields reach the monolith as they came, and its id the access log', async () => {
  const { config, got } = await shop();
  const { url, lines } = await tracing(config, false);
  await send(url, '/a', { headers: { TraceParent: 'nonsense', tracestate: 'a=1' } });
  expect(got('traceparent')).toEqual(['nonsense']);
  expect(got('tracestate')).toEqual(['a=1']);
  await send(url, '/a', { headers: { traceparent: FIELD } });
  expect(got('traceparent')).toEqual([FIELD]);
  await send(url, '/a');
  expect(got('traceparent')).toEqual([]);
  await until('three lines', () => lines.length === 3);
  expect(lines.map(({ trace }) => trace)).toEqual([undefined, ID, undefined]);
});

test('a valid trace is continued: its id and flags, another span, tracestate as it came', async () => {
  const { config, got } = await shop();
  const { url, lines } = await tracing(config, true);
  for (const flags of ['01', '00']) {
    await send(url, '/a', {
      headers: { traceparent: `00-${ID}-${SPAN}-${flags}`, tracestate: 'congo=t61rcWkgMzE' },
    });
    const [field] = got('traceparent');
    expect(field).toMatch(FORM);
    const [, id, span, flag] = FORM.exec(field!)!;
    expect([id, flag]).toEqual([ID, flags[1]]);
    expect(span).not.toBe(SPAN);
    expect(got('tracestate')).toEqual(['congo=t61rcWkgMzE']);
  }
  await until('its line', () => lines.length === 2);
  expect(lines[0]!.trace).toBe(ID);
});

test('without one, or with one that isn’t valid, a trace begins, and its tracestate is dropped', async () => {
  const { config, got } = await shop();
  const { url } = await tracing(config, true);
  const ids = new Set<string>();
  for (const traceparent of [undefined, 'nonsense', `00-${'0'.repeat(32)}-${SPAN}-01`, [FIELD, FIELD]]) {
    const headers = { ...(traceparent ? { traceparent } : {}), tracestate: 'a=1' };
    await send(url, '/a', { headers });
    expect(got('traceparent')).toEqual([expect.stringMatching(/^00-[\da-f]{32}-[\da-f]{16}-03$/)]);
    expect(got('tracestate')).toEqual([]);
    ids.add(got('traceparent')[0]!.slice(3, 35));
  }
  expect(ids.size).toBe(4);
  expect(ids).not.toContain(ID);
});

test('new traces are sampled by the share that is asked for', async () => {
  const { config, monolith } = await shop();
  const { url } = await tracing(config, { sample: 0.3 });
  for (let index = 0; index < 400; index += 1) await send(url, '/a');
  const flags = monolith.seen.map(({ fields }) => valuesOf(fields, 'traceparent')[0]!.at(-1));
  const sampled = flags.filter((flag) => flag === '3').length;
  expect(flags.filter((flag) => flag === '2').length).toBe(400 - sampled);
  // Five standard errors.
  expect(Math.abs(sampled - 120)).toBeLessThan(46);
});

test('from trusted proxies alone, somebody else’s trace is not continued', async () => {
  const { config, got } = await shop();
  const trusting = (trustedProxies: string[]) => ({
    ...config,
    gateway: { ...config.gateway, trustedProxies },
  });
  const other = await tracing(trusting(['192.0.2.1']), { from: 'trustedProxies' });
  await send(other.url, '/a', { headers: { traceparent: FIELD, tracestate: 'a=1' } });
  expect(got('traceparent')[0]).not.toContain(ID);
  expect(got('tracestate')).toEqual([]);
  const proxy = await tracing(trusting(['127.0.0.1']), { from: 'trustedProxies' });
  await send(proxy.url, '/a', { headers: { traceparent: FIELD } });
  expect(got('traceparent')[0]).toContain(ID);
});

test('X-Ray’s field is continued and written with the same ids, also one of a load balancer', async () => {
  const { config, got } = await shop();
  const { url } = await tracing(config, { xray: true });
  const root = '1-5759e988-bd862e3fe1be46a994272793';
  await send(url, '/a', { headers: { 'X-Amzn-Trace-Id': `Root=${root}` } });
  const [traceparent] = got('traceparent');
  const [, id, span] = FORM.exec(traceparent!)!;
  expect(id).toBe('5759e988bd862e3fe1be46a994272793');
  expect(got('x-amzn-trace-id')).toEqual([`Root=${root};Parent=${span};Sampled=1`]);
  await send(url, '/a', { headers: { 'X-Amzn-Trace-Id': `Root=${root};Parent=${SPAN};Sampled=0` } });
  expect(got('traceparent')[0]).toMatch(/-00$/);
  await send(url, '/a');
  const begun = Number.parseInt(got('traceparent')[0]!.slice(3, 11), 16);
  expect(Math.abs(begun - Date.now() / 1_000)).toBeLessThan(60);
  await send(url, '/a', { headers: { traceparent: FIELD, 'X-Amzn-Trace-Id': `Root=${root}` } });
  expect(got('x-amzn-trace-id')[0]).toMatch(/^Root=1-4bf92f35-77b34da6a3ce929d0e0e4736;/);
});

test('copies, upgrades and the log of failures belong to the trace', async () => {
  const { config, inventory, got } = await shop();
  const sampled = structuredClone(config);
  Object.assign(sampled.contexts['inventory']!.shadow, { sample: 1 });
  const { url } = await tracing(sampled, true, memorySource({ inventory: { reads: { stage: 'shadow' } } }));
  await send(url, '/inventory/a', { headers: { traceparent: FIELD } });
  await until('the copy', () => inventory.seen.length === 1);
  expect(got('traceparent', inventory)[0]).toContain(ID);
  await sendRaw(url, upgradeTo('/a').replace('\r\n\r\n', `\r\ntraceparent: ${FIELD}\r\n\r\n`));
  expect(got('traceparent')[0]).toContain(ID);
  expect(got('traceparent')[0]).not.toContain(SPAN);

  const nobody = await closedUrl();
  const dead = await tracing(await shopConfig({ monolith: nobody, inventory: nobody }), true);
  await send(dead.url, '/a', { headers: { traceparent: FIELD } });
  await sendRaw(dead.url, upgradeTo('/a').replace('\r\n\r\n', `\r\ntraceparent: ${FIELD}\r\n\r\n`));
  const failures = () => dead.gateway.lines.filter((line) => line['side'] === 'upstream');
  await until('both', () => failures().length >= 2);
  expect(failures().map((line) => line['trace'])).toEqual([ID, ID]);
});

test('a request is a server span, and each try a client span below it: a fallback shows both', async () => {
  const collector = await startCollector();
  const monolith = await startUpstream('monolith');
  const config = await shopConfig({ monolith: monolith.url, inventory: await closedUrl() });
  const exporter = { url: collector.url, headers: { Authorization: 'Bearer abc' } };
  const { gateway, url } = await tracing(config, { exporter, service: 'edge' }, extracted());
  const before = Date.now();
  await send(url, '/inventory/a?token=secret', { headers: { traceparent: FIELD, host: 'shop.example' } });
  await send(url, '/inventory/a', { headers: { traceparent: `00-${ID}-${SPAN}-00` } });
  await until('three spans', () => collector.spans.length >= 3);
  const server = collector.spans.find(({ kind }) => kind === 2);
  // Both may have begun within one tick of the clock.
  const tryOf = (upstream: string) =>
    collector.spans.find((one) => one.kind === 3 && one.attributes['banyan.upstream'] === upstream);
  const [first, second] = [tryOf('inventory'), tryOf('monolith')];
  expect(second!.startTimeUnixNano >= first!.startTimeUnixNano).toBe(true);
  expect(server).toMatchObject({
    traceId: ID,
    parentSpanId: SPAN,
    name: 'GET /inventory/:sku',
    kind: 2,
    resource: { 'service.name': 'edge', 'service.instance.id': 'g1' },
  });
  expect(server!.attributes).toMatchObject({
    'http.request.method': 'GET',
    'http.route': '/inventory/:sku',
    'url.path': '/inventory/a',
    'url.scheme': 'http',
    'server.address': 'shop.example',
    'client.address': '127.0.0.1',
    'http.response.status_code': 200,
    'banyan.context': 'inventory',
    'banyan.upstream': 'monolith',
    'banyan.reason': 'reads extracted → extracted',
    'banyan.revision': 1,
    'banyan.fallback': 'failed',
  });
  expect(JSON.stringify(collector.spans)).not.toContain('secret');
  expect(first).toMatchObject({
    parentSpanId: server!.spanId,
    kind: 3,
    name: 'GET',
    status: { code: 2 },
    attributes: { 'banyan.upstream': 'inventory', 'error.type': 'upstream connect' },
  });
  expect(second).toMatchObject({
    parentSpanId: server!.spanId,
    attributes: { 'banyan.upstream': 'monolith', 'http.response.status_code': 200 },
  });
  // The monolith was told of the very span that stands for asking it.
  expect(valuesOf(monolith.seen[0]!.fields, 'traceparent')).toEqual([`00-${ID}-${second!.spanId}-01`]);
  const [start, end] = [server!.startTimeUnixNano, server!.endTimeUnixNano].map((nano) => Number(nano) / 1e6);
  expect(start).toBeGreaterThanOrEqual(before - 5);
  expect(end).toBeGreaterThanOrEqual(start!);
  expect(end).toBeLessThanOrEqual(Date.now() + 5);
  expect(collector.requests[0]).toEqual({ path: '/v1/traces', authorization: 'Bearer abc' });
  expect(await metric(gateway, 'banyan_gateway_spans_total{outcome="exported"}')).toBe(3);
});

test('a failure is an error of its span, and what is left is sent at the stop', async () => {
  const collector = await startCollector();
  const nobody = await closedUrl();
  const { gateway, url } = await tracing(await shopConfig({ monolith: nobody, inventory: nobody }), {
    exporter: collector.url,
  });
  await send(url, '/a');
  await gateway.stop();
  const server = collector.spans.find(({ kind }) => kind === 2);
  expect(server).toMatchObject({
    name: 'GET',
    status: { code: 2 },
    attributes: { 'http.response.status_code': 502, 'error.type': 'upstream connect' },
  });
  expect(server).not.toHaveProperty('attributes.banyan.context');
});

test('a collector that takes and never answers holds nobody up: what is too much is dropped and counted', async () => {
  const { config } = await shop();
  const mute = await startRaw((socket) => socket.resume());
  const { gateway, url } = await tracing(config, { exporter: `${mute.url}/v1/traces` });
  const count = async (outcome: string) =>
    metric(gateway, `banyan_gateway_spans_total{outcome="${outcome}"}`);
  // Two spans each.
  const some = () => Promise.all(Array.from({ length: 200 }, () => send(url, '/a')));
  while (!(await count('dropped'))) for (const { status } of await some()) expect(status).toBe(200);
  expect(await count('exported')).toBe(0);
  const stopping = performance.now();
  await gateway.stop();
  expect(performance.now() - stopping).toBeLessThan(15_000);
});

test('a collector that refuses is told of in the log once, and in the metrics each time', async () => {
  const collector = await startCollector(400);
  const { config } = await shop();
  const { gateway, url } = await tracing(config, { exporter: collector.url });
  const failed = async () => (await metric(gateway, 'banyan_gateway_spans_total{outcome="failed"}'))!;
  await send(url, '/a');
  await until('two failed', async () => (await failed()) === 2);
  await send(url, '/a');
  await until('four failed', async () => (await failed()) === 4);
  const told = gateway.lines.filter((line) => line['msg'] === 'spans can’t be exported');
  expect(told).toMatchObject([{ level: 40, url: collector.url, err: { message: expect.any(String) } }]);
});
