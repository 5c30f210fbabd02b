import { globSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { BUCKETS } from '../../outbox/event.ts';
import { banyan } from '../cli/support/banyan.ts';
import { openSite, type Site } from '../cli/support/site.ts';
import { countingConsumer, countingDatabase } from '../consumer/counting.ts';
import { freshDatabase } from '../support/database.ts';
import { freshStream } from '../support/stream.ts';
import { until } from '../support/until.ts';
import { dashboard, dashboardExpressions, labelValues } from './dashboard.ts';
import { readPromql } from './promql.ts';
import { allRules, root } from './rules.ts';

/** What is shown and stands neither in a rule nor on the dashboard, and why. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  nodejs_version_info: 'nothing that changes',
  nodejs_active_resources: 'the event loop’s lag and the connections say more',
  nodejs_active_resources_total: 'the same',
  nodejs_active_handles: 'the same',
  nodejs_active_handles_total: 'the same',
  nodejs_active_requests: 'the same',
  nodejs_active_requests_total: 'the same',
  nodejs_external_memory_bytes: 'in the resident memory',
  nodejs_heap_size_total_bytes: 'between the used size and the limit',
  nodejs_heap_space_size_total_bytes: 'the heap’s inside',
  nodejs_heap_space_size_used_bytes: 'the same',
  nodejs_heap_space_size_available_bytes: 'the same',
  process_cpu_user_seconds_total: 'in process_cpu_seconds_total',
  process_cpu_system_seconds_total: 'the same',
  process_virtual_memory_bytes: 'says little of a process with a JIT compiler',
  process_heap_bytes: 'in the resident memory',
};
/** What Prometheus adds, or has itself. */
const OWN = { up: ['job', 'instance'], ALERTS: ['alertname', 'alertstate', 'severity'] };
const SCRAPED = ['job', 'instance'];

/** Shown on Linux alone. */
const LINUX = ['process_open_fds', 'process_max_fds', 'process_virtual_memory_bytes', 'process_heap_bytes'];

/** By metric: the labels that its samples have. */
const shown = new Map<string, Set<string>>();
const types = new Map<string, string>();
let site: Site;
const stops: (() => Promise<unknown>)[] = [];

function take(text: string): void {
  for (const [, name, type] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm)) types.set(name!, type!);
  for (const [, name, , labels = ''] of text.matchAll(/^([a-zA-Z_:]\w*)(\{(.*)\})? \S+$/gm)) {
    const all = shown.get(name!) ?? new Set(SCRAPED);
    for (const [, label] of labels.matchAll(/(\w+)="/g)) all.add(label!);
    shown.set(name!, all);
  }
}
/** By the port that the handbook names: the pages that are there, by the ops port's own word. */
const paths = new Map<string, readonly string[]>();
const pathsOf = async (url: string) => (await (await fetch(`${url}/none`)).text()).match(/\/\w+/g) ?? [];
const metricsOf = async (ops: string) => (await fetch(`http://${ops}/metrics`)).text();

beforeAll(async () => {
  site = await openSite();
  const [listen, ops, admin, tlsListen, tlsOps, tlsAdmin, dead] = (await Promise.all(
    Array.from({ length: 7 }, () => site.address()),
  )) as [string, string, string, string, string, string, string];
  const certificates = fileURLToPath(new URL('../support/certificates/', import.meta.url));
  const database = await freshDatabase('outbox');
  // Nobody reports a lag, and Redis is away: reads of the orders follow the owner of the writes.
  const gateway = (tls: string, address: string, control: string) => `
redis: redis://${dead}
outbox: { database: '${database}' }
gateway:
  listen: '${address}'
  stateDir: ${join(site.folder, address)}
  tracing: { exporter: 'http://${dead}/v1/traces' }
  identity: { path: /who, cookies: [sid], keys: ['\${file:${join(site.folder, 'key.jwk')}}'] }${tls}
control: { admin: '${control}' }
upstreams:
  monolith: { url: '${site.monolith}' }
  service: { url: '${site.service}', health: { path: / } }
  dead: { url: 'http://${dead}' }
contexts:
  inventory: { upstream: dead, routes: [GET /inventory/:sku], reads: extracted, identity: {} }
  search: { upstream: service, routes: [GET /search/:word], reads: shadow, shadow: { sample: 1 } }
  orders:
    upstream: service
    routes: [GET /orders/:id]
    reads: extracted
    cohort: { cookie: sid }
    consumer: counting
    afterWrite: 5s
    maxLag: 4s
`;
  const tls = `
  tls: { cert: ${certificates}server.pem, key: ${certificates}server.key }`;
  await banyan(['identity', 'key', '--out', 'key.jwk'], { cwd: site.folder });
  await writeFile(join(site.folder, 'plain.yaml'), gateway('', listen, admin));
  await writeFile(join(site.folder, 'tls.yaml'), gateway(tls, tlsListen, tlsAdmin));

  const stream = await freshStream(2);
  const relayOps = await site.address();
  const [controlAdmin, controlOps] = await Promise.all([site.address(), site.address()]);
  await writeFile(
    join(site.folder, 'events.yaml'),
    `upstreams: { monolith: { url: '${site.monolith}' }, service: { url: '${site.service}' } }
control: { admin: '${controlAdmin}', ops: '${controlOps}', tokens: [{ owner: ada, token: the-token-of-ada-1815 }] }
outbox: { database: '${database}' }
stream: { name: ${stream}, endpoint: '${inject('kinesis')}' }
relay: { ops: '${relayOps}' }
contexts:
  inventory: { upstream: service, routes: [GET /inventory/:sku], events: [Counted], consumer: counting }
`,
  );
  await Promise.all([
    site.start(`http://${ops}/readyz`, '-c', 'plain.yaml', 'gateway', '--ops', ops),
    site.start(`http://${tlsOps}/readyz`, '-c', 'tls.yaml', 'gateway', '--ops', tlsOps),
    site.start(`http://${controlOps}/readyz`, '-c', 'events.yaml', 'control-plane'),
    site.start(`http://${relayOps}/readyz`, '-c', 'events.yaml', 'relay'),
  ]);
  const inbox = await countingDatabase(await freshDatabase('inbox'));
  const consumer = countingConsumer(
    inbox,
    { name: stream, endpoint: inject('kinesis') },
    {
      ops: '127.0.0.1:0',
      report: { url: `http://${controlAdmin}`, token: 'the-token-of-ada-1815' },
    },
  );
  await consumer.start();
  stops.push(
    () => consumer.stop(),
    () => inbox.end(),
  );

  for (const path of ['/', '/inventory/1', '//inventory/1', '/search/a'])
    expect((await fetch(`http://${listen}${path}`)).status).toBe(200);
  for (const method of ['POST', 'GET'])
    await fetch(`http://${listen}/orders/1`, { method, headers: { cookie: 'sid=ada' } });
  // What the monolith says of her is nothing that a gateway reads.
  await fetch(`http://${listen}/inventory/1`, { headers: { cookie: 'sid=ada' } });
  await upgrade(`http://${listen}/socket`);
  await until('a comparison, and a sample of the outbox and of the relay’s heartbeat', async () => {
    const [told, lag] = await Promise.all([metricsOf(ops), metricsOf(controlOps)]);
    return (
      /banyan_gateway_shadow_total\{context="search",outcome="(match|error|mismatch)"\} 1/.test(told) &&
      lag.includes('banyan_relay_seen_seconds{') &&
      lag.includes('banyan_heartbeat_age_seconds{') &&
      lag.includes('banyan_outbox_pending{')
    );
  });
  expect((await banyan(['-c', 'events.yaml', 'types', 'pause', 'Held'], { cwd: site.folder })).exitCode).toBe(
    0,
  );
  await until('the relay shows the paused type', async () =>
    (await metricsOf(relayOps)).includes('banyan_relay_paused_types{'),
  );
  for (const one of [ops, tlsOps, controlOps, relayOps]) take(await metricsOf(one));
  for (const [port, url] of [
    ['9101', `http://${ops}`],
    ['9105', `http://${controlOps}`],
    ['9103', `http://${relayOps}`],
    ['9104', consumer.opsUrl()!],
  ] as const)
    paths.set(port, await pathsOf(url));
  if (process.platform !== 'linux') for (const name of LINUX) take(`# TYPE ${name} gauge\n${name} 1`);
  take(await (await fetch(`${consumer.opsUrl()}/metrics`)).text());
});

afterAll(async () => {
  for (const stop of stops) await stop();
  await site.stop();
});

/** Asks for a WebSocket; the monolith answers that it has none. */
function upgrade(url: string): Promise<unknown> {
  const headers = { connection: 'Upgrade', upgrade: 'websocket' };
  return new Promise((resolve, reject) => {
    get(url, { headers }, (response) => resolve(response.resume())).once('error', reject);
  });
}

/** Recorded series, with the labels that their names promise: `context_role_kind:…`. */
const recorded = new Map(
  allRules.flatMap(({ record }) =>
    record === undefined ? [] : [[record, record.split(':')[0]!.split('_')] as const],
  ),
);
const labelsOf = (metric: string): Iterable<string> | undefined =>
  recorded.get(metric) ??
  (Object.hasOwn(OWN, metric) ? OWN[metric as keyof typeof OWN] : undefined) ??
  shown.get(metric);

const expressions = [...allRules.map(({ expr }) => expr), ...dashboardExpressions];

test('every metric and label of the rules and the dashboard is one that a process shows', () => {
  expect(shown.size).toBeGreaterThan(60);
  const all = new Set(
    [...shown.values(), ...recorded.values(), ...Object.values(OWN)].flatMap((one) => [...one]),
  );
  for (const expr of expressions) {
    const { selectors, grouping, mistakes } = readPromql(expr);
    expect(mistakes, expr).toEqual([]);
    for (const { metric, labels } of selectors) {
      const known = labelsOf(metric);
      expect(known, `${metric} in ${expr}`).toBeDefined();
      for (const label of labels) expect([...known!], `${metric} in ${expr}`).toContain(label);
    }
    for (const label of grouping) expect(all, `${label} in ${expr}`).toContain(label);
  }
  for (const { query } of dashboard.templating.list) {
    const { metric, label } = labelValues(query.query);
    expect([...(shown.get(metric) ?? [])], metric).toContain(label);
  }
});

test('every metric that a process shows is in a rule, on the dashboard, or left out for a reason', () => {
  const used = new Set(expressions.flatMap((expr) => readPromql(expr).selectors.map(({ metric }) => metric)));
  const names = [...types].map(([name, type]) =>
    type === 'histogram' || type === 'summary'
      ? [name, `${name}_bucket`, `${name}_sum`, `${name}_count`]
      : [name],
  );
  expect(names.length).toBeGreaterThan(60);
  const missing = names.filter((all) => !all.some((name) => used.has(name))).map(([name]) => name!);
  expect(missing.filter((name) => !Object.hasOwn(LEFT_OUT, name))).toEqual([]);
  // The list is no longer than it has to be.
  expect(Object.keys(LEFT_OUT).filter((name) => !types.has(name))).toEqual([]);
  expect(Object.keys(LEFT_OUT).filter((name) => used.has(name))).toEqual([]);
});

test('every page of an ops port that the handbook or an alert asks for is there', () => {
  const texts = [
    ...globSync('docs/handbook/*.md', { cwd: root }).map((page) => readFileSync(`${root}${page}`, 'utf8')),
    ...allRules.map(({ annotations }) => annotations?.['command'] ?? ''),
  ];
  const asked = texts.flatMap((text) => [...text.matchAll(/https?:\/\/[^/\s]*:(\d+)(\/\w+)/g)]);
  expect(asked.length).toBeGreaterThan(40);
  for (const [url, port, path] of asked) expect(paths.get(port!), url).toContain(path);
});

test('the rule on buckets knows how many there are', () => {
  const rule = allRules.find(({ alert }) => alert === 'BanyanBucketsUnowned')!;
  expect(rule.expr).toContain(`< ${BUCKETS}`);
});
