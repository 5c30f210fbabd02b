import { createServer } from 'node:https';
import { createServer as createPlain, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocketServer, WebSocket } from 'ws';
import { openUpgrader } from '../../gateway/forwarding/upgrader.ts';
import type { UpstreamOptions } from '../../gateway/forwarding/forwarder.ts';
import { pem, pemFile } from '../support/certificates.ts';
import { until } from '../support/until.ts';
import { send } from './support/client.ts';
import { failureOf, forwarders, startForwarding } from './support/forwarding.ts';
import { freshFolder } from './support/gateway.ts';

/** Where it listens: a port, or a path. */
async function listening(server: Server, path?: string): Promise<number> {
  await new Promise<void>((resolve) => server.listen(path ?? 0, () => resolve()));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return path === undefined ? (server.address() as AddressInfo).port : 0;
}

interface Asked {
  readonly host: string | undefined;
  readonly name: string | false | null;
}

/** An upstream with a certificate for localhost, 127.0.0.1 and shop.test; with `clients` it asks for one itself. */
async function startSecure({ clients = false } = {}) {
  const asked: Asked[] = [];
  const server = createServer(
    {
      ...{ cert: pem('server'), key: pem('server', 'key') },
      ...(clients ? { ca: pem('ca'), requestCert: true } : {}),
    },
    (request, response) => {
      const { servername = null } = request.socket as { servername?: string | false };
      asked.push({ host: request.headers.host, name: servername });
      request.resume().on('end', () => response.end('secure'));
    },
  );
  server.on('tlsClientError', () => {});
  const sockets = new WebSocketServer({ server: server as unknown as Server });
  sockets.on('connection', (socket) => socket.send('secure'));
  onTestFinished(() => sockets.close());
  return { port: await listening(server as unknown as Server), asked };
}

describe.each(forwarders)('%s', (_name, open) => {
  const ask = async (options: UpstreamOptions) => {
    const { url, outcomes } = await startForwarding(open, options);
    const { status, body } = await send(url, '/', { headers: { host: 'www.shop.example' } });
    return { status, body, failure: failureOf(outcomes) };
  };

  test('an upstream’s certificate is verified by its own name, whatever the client’s Host', async () => {
    const { port, asked } = await startSecure();
    const tls = { ca: pemFile('ca') };
    const options = (host: string, more = {}) => ({
      url: `https://${host}:${port}`,
      timeout: undefined,
      tls: { ...tls, ...more },
    });
    expect(await ask(options('localhost'))).toMatchObject({ status: 200, body: 'secure' });
    expect(await ask(options('127.0.0.1'))).toMatchObject({ status: 200 });
    expect(await ask(options('127.0.0.1', { servername: 'shop.test' }))).toMatchObject({ status: 200 });
    expect(asked).toEqual([
      { host: 'www.shop.example', name: 'localhost' },
      { host: 'www.shop.example', name: false },
      { host: 'www.shop.example', name: 'shop.test' },
    ]);
    const other = await ask(options('127.0.0.1', { servername: 'other.test' }));
    expect(other.failure).toMatchObject({
      side: 'upstream',
      cause: { code: 'ERR_TLS_CERT_ALTNAME_INVALID' },
    });
    expect(other.status).toBe(599);
    expect(asked).toHaveLength(3);
  });

  test('a certificate that nobody known has signed is refused, even where the environment allows it', async () => {
    const { port, asked } = await startSecure();
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    onTestFinished(() => void delete process.env['NODE_TLS_REJECT_UNAUTHORIZED']);
    const url = `https://localhost:${port}`;
    for (const tls of [undefined, { ca: pemFile('other-ca') }])
      expect((await ask({ url, timeout: undefined, tls })).failure?.cause).toMatchObject({
        code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      });
    expect(asked).toEqual([]);
  });

  test('an upstream that asks for a certificate gets the gateway’s', async () => {
    const { port } = await startSecure({ clients: true });
    const url = `https://localhost:${port}`;
    const tls = { ca: pemFile('ca'), cert: pemFile('client'), key: pemFile('client', 'key') };
    expect(await ask({ url, timeout: undefined, tls })).toMatchObject({ status: 200 });
    expect((await ask({ url, timeout: undefined, tls: { ca: pemFile('ca') } })).failure).toBeDefined();
  });

  test('an upstream can listen on a socket of the file system', async () => {
    const path = join(await freshFolder(), 'app.sock');
    await listening(
      createPlain((request, response) => response.end(`${request.headers.host} ${request.url}`)),
      path,
    );
    const { url } = await startForwarding(open, { url: `unix:${path}`, timeout: undefined });
    expect(await send(url, '/a?b', { headers: { host: 'shop' } })).toMatchObject({
      status: 200,
      body: 'shop /a?b',
    });
    const gone = await ask({ url: 'unix:/nowhere.sock', timeout: undefined });
    expect(gone.failure).toMatchObject({ side: 'upstream', cause: { code: 'ENOENT' } });
  });
});

describe('a WebSocket', () => {
  /** What an upgrade over one upgrader brings: the first message, or the status that refuses it. */
  const upgraded = async (options: UpstreamOptions) => {
    const failures: Error[] = [];
    const upgrader = openUpgrader(options, () => {});
    onTestFinished(() => upgrader.close());
    const server = createPlain().on('upgrade', (request, socket: Socket, head) => {
      void upgrader.upgrade({ request, socket, head, path: request.url! }).then((outcome) => {
        if (outcome.ok) return;
        failures.push(outcome.failure.cause);
        socket.end('HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\n\r\n');
      });
    });
    const client = new WebSocket(`ws://127.0.0.1:${await listening(server)}/feed`);
    let got: unknown;
    client
      .on('message', (data) => (got = String(data)))
      .on('unexpected-response', (_request, { statusCode }) => (got = statusCode))
      .on('error', () => {});
    onTestFinished(() => client.terminate());
    await until('an outcome', () => got);
    return { got, failures };
  };

  test('is verified like any request', async () => {
    const { port } = await startSecure({ clients: true });
    const own = { cert: pemFile('client'), key: pemFile('client', 'key') };
    const to = (tls: UpstreamOptions['tls']) =>
      upgraded({ url: `https://127.0.0.1:${port}`, timeout: undefined, tls });
    expect((await to({ ca: pemFile('ca'), servername: 'shop.test', ...own })).got).toBe('secure');
    expect((await to({ ca: pemFile('ca'), ...own })).got).toBe('secure');
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    onTestFinished(() => void delete process.env['NODE_TLS_REJECT_UNAUTHORIZED']);
    const wrong = await to({ ca: pemFile('other-ca'), ...own });
    expect(wrong).toMatchObject({ got: 502, failures: [{ code: 'SELF_SIGNED_CERT_IN_CHAIN' }] });
  });

  test('goes through a socket of the file system', async () => {
    const path = join(await freshFolder(), 'app.sock');
    const server = createPlain();
    const sockets = new WebSocketServer({ server });
    sockets.on('connection', (socket, request) => socket.send(`${request.headers.host} ${request.url}`));
    onTestFinished(() => sockets.close());
    await listening(server, path);
    expect((await upgraded({ url: `unix:${path}`, timeout: undefined })).got).toMatch(
      /^127\.0\.0\.1:\d+ \/feed$/,
    );
  });
});
