import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { send } from './support/client.ts';
import { failureOf, forwarders, startForwarding } from './support/forwarding.ts';
import { startRaw, startUpstream } from './support/upstream.ts';

// What every forwarder keeps of the contract in gateway/forwarding/forwarder.ts.
describe.each(forwarders)('the forwarder over %s', (_name, open) => {
  const start = (url: string, timeout?: number, path?: string) =>
    startForwarding(open, { url, timeout }, path);

  test('carries method, path, fields and body there, and status, fields and body back', async () => {
    const upstream = await startUpstream('up', (_request, response, body) => {
      response
        .writeHead(201, 'Made', ['X-A', '1', 'Set-Cookie', 'a=1', 'Set-Cookie', 'b=2'])
        .end(`got ${body}`);
    });
    const { url, outcomes } = await start(upstream.url, undefined, '/other?path');
    for (const headers of [{ 'content-length': 5 }, { 'transfer-encoding': 'chunked' }]) {
      const answer = await send(url, '/a', {
        method: 'PUT',
        body: 'hello',
        headers: { ...headers, 'X-Up': 'yes, up' },
      });
      expect(answer).toMatchObject({ status: 201, body: 'got hello' });
      expect(answer.headers['set-cookie']).toEqual(['a=1', 'b=2']);
    }
    expect(upstream.seen.map(({ method, target, body }) => [method, target, body])).toEqual([
      ['PUT', '/other?path', 'hello'],
      ['PUT', '/other?path', 'hello'],
    ]);
    expect(upstream.seen[0]!.fields).toContain('yes, up');
    expect(outcomes).toEqual([
      { ok: true, status: 201 },
      { ok: true, status: 201 },
    ]);
  });

  test.each(['GET', 'HEAD', 'POST', 'DELETE', 'OPTIONS'])('carries %s without a body', async (method) => {
    const upstream = await startUpstream('up');
    const { url } = await start(upstream.url);
    expect(await send(url, '/a', { method })).toMatchObject({
      status: 200,
      body: method === 'HEAD' ? '' : 'up',
    });
    expect(upstream.seen.map((seen) => [seen.method, seen.body])).toEqual([[method, '']]);
  });

  test.each([204, 304])('carries a %i, which has no body', async (status) => {
    const upstream = await startUpstream('up', (_request, response) => response.writeHead(status).end());
    const { url } = await start(upstream.url);
    expect(await send(url)).toMatchObject({ status, body: '' });
  });

  test('uses a connection again', async () => {
    const upstream = await startUpstream('up');
    let connections = 0;
    upstream.server.on('connection', () => (connections += 1));
    const { url } = await start(upstream.url);
    for (let index = 0; index < 5; index += 1) await send(url, `/${index}`);
    expect(connections).toBe(1);
  });

  test('leaves the response untouched when nobody listens', async () => {
    const upstream = await startUpstream('gone');
    await upstream.stop();
    const { url, outcomes } = await start(upstream.url);
    expect((await send(url, '/a', { method: 'POST', body: 'x' })).body).toBe('untouched');
    expect(failureOf(outcomes)).toMatchObject({
      side: 'upstream',
      phase: 'connect',
      late: false,
      stale: false,
    });
    expect(failureOf(outcomes)!.cause).toBeInstanceOf(Error);
  });

  test('leaves the response untouched when the upstream takes too long, and lets go of it', async () => {
    let closed = false;
    const upstream = await startRaw((socket) =>
      socket.on('data', () => {}).on('close', () => (closed = true)),
    );
    const { url, outcomes } = await start(upstream.url, 200);
    expect((await send(url)).body).toBe('untouched');
    expect(failureOf(outcomes)).toMatchObject({ side: 'upstream', phase: 'head', late: true, stale: false });
    await until('the upstream request is given up', () => closed);
  });

  test('leaves the response untouched when the upstream closes or talks nonsense, and sends nothing twice', async () => {
    for (const reply of ['', 'nonsense\r\n\r\n']) {
      let requests = 0;
      const upstream = await startRaw((socket) => {
        socket.once('data', () => {
          requests += 1;
          socket.end(reply);
        });
      });
      const { url, outcomes } = await start(upstream.url);
      expect((await send(url)).body).toBe('untouched');
      expect(failureOf(outcomes)).toMatchObject({
        side: 'upstream',
        phase: 'head',
        late: false,
        stale: false,
      });
      expect(requests).toBe(1);
    }
  });

  test('tells a stale pooled connection from a failed one', async () => {
    const upstream = await startRaw((socket) => {
      let served = 0;
      socket.on('data', () => {
        if (served++ === 0) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
        else socket.end();
      });
    });
    const { url, outcomes } = await start(upstream.url);
    expect((await send(url)).body).toBe('ok');
    expect((await send(url)).body).toBe('untouched');
    expect(failureOf(outcomes.slice(1))).toMatchObject({ phase: 'head', stale: true });
  });

  test('breaks the client’s connection off when the upstream breaks in the body', async () => {
    const upstream = await startRaw((socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n');
        setImmediate(() => socket.destroy());
      });
    });
    const { url, outcomes } = await start(upstream.url);
    await expect(send(url)).rejects.toThrow();
    await until('the outcome', () => outcomes.length === 1);
    expect(failureOf(outcomes)).toMatchObject({ side: 'upstream', phase: 'body' });
  });

  test('aborts the upstream request when the client goes away', async () => {
    let closed = false;
    let reached = false;
    const upstream = await startRaw((socket) =>
      socket.on('data', () => (reached = true)).on('close', () => (closed = true)),
    );
    const { url, outcomes } = await start(upstream.url);
    const { hostname, port } = new URL(url);
    const client = connect(Number(port), hostname);
    client.write('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhalf');
    await until('the request is with the upstream', () => reached);
    client.destroy();
    await until('it is aborted', () => closed, 1_000);
    expect(failureOf(outcomes)).toMatchObject({ side: 'client', phase: 'head' });
  });

  test('notes when an exchange has a connection, and when its answer’s head is there', async () => {
    let answer = () => {};
    const upstream = await startRaw((socket) => {
      socket.once('data', () => (answer = () => socket.end('HTTP/1.1 200 OK\r\n\r\nok')));
    });
    const { url, times } = await start(upstream.url);
    const began = performance.now();
    const answered = send(url);
    await until('the request is there', () => times[0]?.sent !== undefined);
    expect(times[0]).toEqual({ sent: expect.any(Number), head: undefined });
    expect(times[0]!.sent).toBeGreaterThan(began);
    await until('the upstream has it', () => answer.length === 0 && upstream.sockets()[0]!.bytesRead > 0);
    const asked = performance.now();
    answer();
    await answered;
    expect(times[0]!.head).toBeGreaterThanOrEqual(asked);
    expect(times[0]!.head).toBeLessThan(performance.now());
  });

  test('notes as far as it got of one that fails', async () => {
    const gone = await startUpstream('gone');
    await gone.stop();
    const nobody = await start(gone.url);
    await send(nobody.url);
    expect(nobody.times).toEqual([{ sent: undefined, head: undefined }]);
    const silent = await startRaw((socket) => socket.once('data', () => socket.end()));
    const mute = await start(silent.url);
    await send(mute.url);
    expect(mute.times).toEqual([{ sent: expect.any(Number), head: undefined }]);
  });

  test('shows its connections: busy with an exchange, idle after it, and who waits for one', async () => {
    const held: (() => void)[] = [];
    const upstream = await startUpstream('up', (_request, response) => void held.push(() => response.end()));
    const { url, connections } = await start(upstream.url);
    expect(connections()).toEqual({ open: 0, busy: 0, waiting: 0 });
    const answers = [send(url, '/a'), send(url, '/b')];
    await until('both are there', () => held.length === 2);
    expect(connections()).toEqual({ open: 2, busy: 2, waiting: 0 });
    for (const answer of held) answer();
    await Promise.all(answers);
    await until('both are idle', () => connections().busy === 0);
    expect(connections()).toEqual({ open: 2, busy: 0, waiting: 0 });
    await upstream.stop();
    await until('they are closed', () => connections().open === 0);
  });

  test('counts an exchange that has no connection yet as waiting', async () => {
    // A TLS handshake that nobody answers.
    const upstream = await startRaw(() => {});
    const { url, connections } = await start(upstream.url.replace('http:', 'https:'));
    const { hostname, port } = new URL(url);
    const client = connect(Number(port), hostname);
    client.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n');
    await until('it waits', () => connections().waiting === 1);
    expect(connections()).toEqual({ open: 0, busy: 0, waiting: 1 });
    client.destroy();
    await until('nobody waits', () => connections().waiting === 0);
  });

  test('tells of each connection that it made, and how long that took', async () => {
    const upstream = await startUpstream('up');
    const made: number[] = [];
    const { url } = await startForwarding(open, {
      url: upstream.url,
      timeout: undefined,
      onConnect: (milliseconds) => void made.push(milliseconds),
    });
    await send(url);
    await send(url);
    expect(made).toEqual([expect.any(Number)]);
    expect(made[0]).toBeGreaterThan(0);
    expect(made[0]).toBeLessThan(60_000);
  });
});
