import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { memorySource } from '../../support/memory-source.ts';
import { until } from '../../support/until.ts';
import { send, sendRaw } from '../support/client.ts';
import { metric, shopConfig, started, type Started } from '../support/gateway.ts';
import { startUpstream } from '../support/upstream.ts';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'PURGE', 'M-SEARCH'];
const REQUESTS = 9_950;
/** Methods that nobody knows: each closes its connection. */
const UNKNOWN = 50;
const word = () => Math.random().toString(36).slice(2);
const unknown = (method: string) => `X${method} /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`;

/** Every series that is exposed, without its value. */
async function seriesOf({ opsUrl }: Started): Promise<string[]> {
  const text = await (await fetch(`${opsUrl}/metrics`)).text();
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.slice(0, line.lastIndexOf(' ')));
}

/** Writes these requests over one connection, and resolves when each has its answer. */
function pipelined(url: string, requests: readonly string[]): Promise<void> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let answers = 0;
  return new Promise((resolve, reject) => {
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      answers += chunk.split('HTTP/1.1 ').length - 1;
      if (answers < requests.length) return;
      socket.destroy();
      resolve();
    });
    socket.on('error', reject).on('close', () => reject(new Error(`${answers} answers`)));
    socket.write(requests.join(''), 'latin1');
  });
}

test('10,000 requests of other methods, paths, hosts, fields and statuses make no new series', async () => {
  const upstream = await startUpstream('up', (request, response) => {
    response.statusCode = Number(/s=(\d+)/.exec(request.url!)?.[1] ?? 200);
    response.end();
  });
  const urls = { monolith: upstream.url, inventory: upstream.url };
  const gateway = await started(
    await shopConfig(urls),
    memorySource({ inventory: { reads: { stage: 'extracted' } } }),
  );
  const requestOf = (index: number, of: string) => {
    const method = METHODS[index % METHODS.length]!;
    const path = index % 3 === 0 ? `/inventory/${of}` : index % 3 === 1 ? `/${of}//%2F;${of}` : `/${of}`;
    return (
      `${method} ${path}?s=${200 + (index % 400)} HTTP/1.1\r\nHost: ${of}.example\r\n` +
      `User-Agent: ${of}\r\nX-${of}: ${of}\r\nCookie: sid=${of}\r\nContent-Length: 0\r\n\r\n`
    );
  };
  // Each status is sent with each method and each kind of path once: 400, 10 and 3.
  const first = Array.from({ length: 1_200 }, (_, index) => requestOf(index, 'a'));
  await pipelined(gateway.url, first);
  await sendRaw(gateway.url, unknown('A'));
  const before = await seriesOf(gateway);
  expect(before.length).toBeGreaterThan(40);
  const rest = Array.from({ length: REQUESTS }, (_, index) => requestOf(index, word()));
  await Promise.all(
    [0, 1, 2, 3].map((lane) =>
      pipelined(
        gateway.url,
        rest.filter((_, at) => at % 4 === lane),
      ),
    ),
  );
  for (let index = 0; index < UNKNOWN; index += 1) await sendRaw(gateway.url, unknown(word().toUpperCase()));
  const after = await seriesOf(gateway);
  expect(after.filter((series) => !before.includes(series))).toEqual([]);
  const counted = await (await fetch(`${gateway.opsUrl}/metrics`)).text();
  const totals = [...counted.matchAll(/^banyan_gateway_requests_total\{.*\} (\d+)$/gm)].map(([, of]) =>
    Number(of),
  );
  expect(totals.reduce((sum, of) => sum + of, 0)).toBe(REQUESTS + UNKNOWN + first.length + 1);
});

test('the connections of upstreams and clients are shown, and how long making them took', async () => {
  const held: (() => void)[] = [];
  const upstream = await startUpstream('up', (_request, response) => void held.push(() => response.end()));
  const urls = { monolith: upstream.url, inventory: upstream.url };
  const gateway = await started(await shopConfig(urls), memorySource());
  const answers = [send(gateway.url, '/a'), send(gateway.url, '/b')];
  await until('both are there', () => held.length === 2);
  const shown = (name: string, labels = '{upstream="monolith"}') =>
    metric(gateway, `banyan_gateway_${name}${labels}`);
  expect(await shown('connections', '{upstream="monolith",state="busy"}')).toBe(2);
  expect(await shown('connections', '{upstream="monolith",state="idle"}')).toBe(0);
  expect(await shown('connections', '{upstream="inventory",state="busy"}')).toBe(0);
  expect(await shown('connections_waiting')).toBe(0);
  expect(await shown('connect_seconds_count')).toBe(2);
  expect(await shown('connect_seconds_sum')).toBeGreaterThan(0);
  expect(await shown('client_connections', '')).toBe(2);
  for (const answer of held) answer();
  await Promise.all(answers);
  await until(
    'they are idle',
    async () => (await shown('connections', '{upstream="monolith",state="idle"}')) === 2,
  );
  await until('the clients are gone', async () => (await shown('client_connections', '')) === 0);
  expect(await shown('event_loop_lag_seconds', '{quantile="1"}')).toBeLessThan(60);
  expect(await shown('event_loop_utilization', '')).toBeGreaterThan(0);
});
