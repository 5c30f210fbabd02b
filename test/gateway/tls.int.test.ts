import { copyFile, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import type { Config } from '../../contexts/index.ts';
import { pem, pemFile } from '../support/certificates.ts';
import { memorySource } from '../support/memory-source.ts';
import { until } from '../support/until.ts';
import { freshFolder, metric, shopConfig, started } from './support/gateway.ts';
import { startRaw, startUpstream, valuesOf } from './support/upstream.ts';

const FILES = { cert: pemFile('server'), key: pemFile('server', 'key'), minVersion: 'TLSv1.2' } as const;

async function secured(tls: Config['gateway']['tls'], change = (config: Config) => config) {
  const monolith = await startUpstream('monolith');
  const config = await shopConfig({ monolith: monolith.url, inventory: monolith.url });
  const gateway = await started(
    change({ ...config, gateway: { ...config.gateway, tls } }),
    memorySource({ inventory: { reads: { stage: 'extracted' } } }),
  );
  return { gateway, monolith, port: Number(new URL(gateway.url).port) };
}

/** Status and body over one connection; rejects when there is none. */
function get(port: number, options: object = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const agent = new Agent({ ca: pem('ca'), ...options });
    request({ agent, host: '127.0.0.1', port, path: '/a', servername: 'localhost' }, (answer) => {
      let body = '';
      answer.on('data', (chunk) => (body += String(chunk)));
      answer.on('end', () => {
        agent.destroy();
        resolve(`${answer.statusCode} ${body}`);
      });
    })
      .on('error', reject)
      .end();
  });
}

/** A connection after its handshake. */
async function shaken(port: number, options: object = {}): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port, ca: pem('ca'), servername: 'localhost', ...options });
  onTestFinished(() => void socket.destroy());
  await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
  return socket;
}

const serialOf = (socket: TLSSocket) => socket.getPeerCertificate().serialNumber;

test('over TLS requests are HTTP/1.1 by ALPN, and the upstream hears of https', async () => {
  const { gateway, monolith, port } = await secured(FILES);
  expect(gateway.url).toMatch(/^https:/);
  expect(await get(port)).toBe('200 monolith');
  expect(valuesOf(monolith.seen[0]!.fields, 'x-forwarded-proto')).toEqual(['https']);
  expect((await shaken(port, { ALPNProtocols: ['h2', 'http/1.1'] })).alpnProtocol).toBe('http/1.1');
  await expect(shaken(port, { ALPNProtocols: ['h2'] })).rejects.toThrow(/no application protocol/i);
  await expect(shaken(port, { maxVersion: 'TLSv1.1', minVersion: 'TLSv1.1' })).rejects.toThrow();
});

test('a target that Node’s parser doesn’t take goes through over TLS, too', async () => {
  const heads: string[] = [];
  const monolith = await startRaw((socket) =>
    socket.on('data', (chunk) => {
      heads.push(chunk.toString('latin1'));
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    }),
  );
  const { port } = await secured(FILES, (config) => ({
    ...config,
    upstreams: { ...config.upstreams, monolith: { url: monolith.url } },
  }));
  const client = await shaken(port);
  let got = '';
  client.on('data', (chunk) => (got += String(chunk)));
  client.write('GET /caf\xe9 HTTP/1.1\r\nHost: shop\r\n\r\n', 'latin1');
  await until('the answer', () => got.endsWith('ok'));
  expect(heads[0]).toMatch(/^GET \/caf\xe9 [^]*X-Forwarded-Proto: https\r\n/);
});

test('what speaks no TLS is let go, logged and counted', async () => {
  const { gateway, port } = await secured(FILES);
  const plain = connectTcp(port, '127.0.0.1').on('error', () => {});
  plain.write('GET / HTTP/1.1\r\nHost: shop\r\n\r\n');
  await until('the connection is gone', () => plain.destroyed || plain.readableEnded);
  expect(await metric(gateway, 'banyan_gateway_refused_total{limit="handshake"}')).toBe(1);
  expect(gateway.lines.at(-1)).toMatchObject({ limit: 'handshake', client: '127.0.0.1' });
});

test('a connection limit counts over TLS, and answers 429', async () => {
  const { gateway, port } = await secured(FILES, (config) => ({
    ...config,
    gateway: { ...config.gateway, limits: { ...config.gateway.limits, connectionsPerClient: 1 } },
  }));
  await shaken(port);
  expect(await get(port)).toBe('429 429 Too Many Requests\n');
  expect(await metric(gateway, 'banyan_gateway_refused_total{limit="connections"}')).toBe(1);
});

test('a certificate that is replaced is taken over without a restart; a bad one changes nothing and says so', async () => {
  const folder = await freshFolder();
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  await copyFile(pemFile('server'), cert);
  await copyFile(pemFile('server', 'key'), key);
  const { gateway, port } = await secured({ ...FILES, cert, key });
  const open = await shaken(port);
  const first = serialOf(open);
  expect(await metric(gateway, 'banyan_gateway_certificate_expires_seconds')).toBeGreaterThan(4e9);

  await writeFile(key, 'no key');
  await gateway.reload();
  expect(gateway.lines.at(-1)).toMatchObject({
    level: 50,
    msg: 'the certificate can’t be replaced; the one before stays in force',
  });
  expect(JSON.stringify(gateway.lines.at(-1))).toContain(key);
  expect(serialOf(await shaken(port))).toBe(first);

  // Not asked to: it sees the files change.
  await copyFile(pemFile('renewed'), cert);
  await copyFile(pemFile('renewed', 'key'), key);
  await until('the new one is shown', async () => serialOf(await shaken(port)) !== first);
  let got = '';
  open.on('data', (chunk) => (got += String(chunk)));
  open.write('GET /a HTTP/1.1\r\nHost: shop\r\n\r\n');
  await until('a connection from before goes on', () => got.endsWith('monolith'));
});

test('a certificate that can’t be used keeps the gateway from starting, and is named', async () => {
  const wrong = { ...FILES, key: pemFile('client', 'key') };
  await expect(secured(wrong)).rejects.toThrow(/can't be used together \(.*server\.pem.*client\.key\)/);
  await expect(secured({ ...FILES, cert: '/nowhere.pem' })).rejects.toThrow(/can't read \/nowhere\.pem/);
});

test('with an authority for clients, only those with a certificate of it get in', async () => {
  const { port } = await secured({ ...FILES, ca: pemFile('ca') });
  await expect(get(port)).rejects.toThrow();
  expect(await get(port, { cert: pem('client'), key: pem('client', 'key') })).toBe('200 monolith');
});

test('a WebSocket comes over TLS', async () => {
  const { port, monolith } = await secured(FILES);
  monolith.server.on('upgrade', (_request, socket) => socket.end('HTTP/1.1 403 Forbidden\r\n\r\n'));
  const client = new WebSocket(`wss://localhost:${port}/feed`, { ca: pem('ca') });
  const refused = await new Promise((resolve) =>
    client
      .once('unexpected-response', (_request, { statusCode }) => resolve(statusCode))
      .once('error', () => {}),
  );
  expect(refused).toBe(403);
});
