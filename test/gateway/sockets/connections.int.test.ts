import { createServer } from 'node:http';
import { connect as connectTo, type AddressInfo, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { describe, expect, onTestFinished, test } from 'vitest';
import { connectorOf } from '../../../gateway/forwarding/connector.ts';
import { originOf } from '../../../gateway/forwarding/origin.ts';
import { socketForwarder } from '../../../gateway/forwarding/sockets/socket-forwarder.ts';
import type { UpstreamOptions } from '../../../gateway/forwarding/forwarder.ts';
import { until } from '../../support/until.ts';
import { send, sendRaw } from '../support/client.ts';
import { failureOf, startForwarding } from '../support/forwarding.ts';
import { startRaw, startUpstream, valuesOf } from '../support/upstream.ts';

/** Whatever the sockets leave to others is a mistake here. */
const alone = (options: UpstreamOptions) =>
  socketForwarder(options, {
    forward: async () => ({
      ok: false,
      failure: { side: 'upstream', phase: 'connect', late: false, stale: false, cause: new Error('left') },
    }),
    connections: () => ({ open: 0, busy: 0, waiting: 0 }),
    close: async () => {},
  });
const start = (url: string, more: Partial<UpstreamOptions> = {}) =>
  startForwarding(alone, { url, timeout: undefined, ...more });

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** Answers each request with what `answer` says, and tells how many requests came over which connection. */
async function startCounting(answer: (nth: number, socket: Socket) => string) {
  const requests: number[] = [];
  let all = 0;
  const upstream = await startRaw((socket) => {
    const own = requests.push(0) - 1;
    socket.on('data', () => {
      requests[own]! += 1;
      socket.write(answer((all += 1), socket));
    });
  });
  return {
    url: upstream.url,
    requests,
    open: () => upstream.sockets().filter(({ destroyed }) => !destroyed),
  };
}

describe('a connection', () => {
  test('carries one exchange at a time, and the one used last is used next', async () => {
    const held: (() => void)[] = [];
    const upstream = await startUpstream(
      'up',
      (_request, response) => void held.push(() => response.end('ok')),
    );
    const ports: (number | undefined)[] = [];
    upstream.server.on('request', ({ socket }) => ports.push(socket.remotePort));
    const { url } = await start(upstream.url);
    const answers = [send(url, '/a'), send(url, '/b')];
    await until('both are there', () => held.length === 2);
    expect(new Set(ports).size).toBe(2);
    held[1]!();
    await answers[1];
    held[0]!();
    await answers[0];
    const third = send(url, '/c');
    await until('it is there', () => held.length === 3);
    held[2]!();
    await third;
    expect(ports[2]).toBe(ports[0]);
  });

  test.each(['with the answer', 'while it has nothing to do'])(
    'is closed after bytes that nobody asked for, which answer nobody: %s',
    async (when) => {
      const extra = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nstolen';
      const {
        url: upstream,
        requests,
        open,
      } = await startCounting((nth, socket) => {
        if (nth > 1) return OK;
        if (when === 'with the answer') return OK + extra;
        setImmediate(() => setTimeout(() => socket.write(extra), 20));
        return OK;
      });
      const { url, connections } = await start(upstream);
      expect((await send(url)).body).toBe('ok');
      // Sooner than for want of work.
      await until('it is closed', () => connections().open === 0 && open().length === 0, 3_000);
      expect((await send(url)).body).toBe('ok');
      expect(requests).toEqual([1, 1]);
    },
  );

  test('is closed when the upstream says so, after an answer that ends with it, and after one of HTTP/1.0', async () => {
    const last = [
      'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok',
      'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok',
    ];
    const { url: upstream, requests } = await startCounting((nth) => last[nth - 1] ?? OK);
    const { url } = await start(upstream);
    for (let turn = 0; turn < 4; turn += 1) expect((await send(url)).body).toBe('ok');
    expect(requests).toEqual([1, 1, 2]);
  });

  test('is closed a second before the upstream would close it, and not used in that second', async () => {
    const hinted = (seconds: number) => OK.replace('\r\n', `\r\nKeep-Alive: timeout=${seconds}, max=9\r\n`);
    const { url: upstream, requests, open } = await startCounting((nth) => hinted(nth === 1 ? 1 : 2));
    const { url, connections } = await start(upstream);
    await send(url);
    await until('it is closed at once', () => connections().open === 0, 900);
    const began = performance.now();
    await send(url);
    expect(connections()).toEqual({ open: 1, busy: 0, waiting: 0 });
    await until('it is closed', () => connections().open === 0 && open().length === 0, 4_000);
    expect(performance.now() - began).toBeGreaterThan(900);
    expect(requests).toEqual([1, 1]);
  });

  test('that the upstream has closed while it was idle is not used', async () => {
    const { url: upstream, requests, open } = await startCounting(() => OK);
    const { url, connections, outcomes } = await start(upstream);
    await send(url);
    open()[0]!.end();
    await until('it is gone', () => connections().open === 0);
    await send(url);
    expect(requests).toEqual([1, 1]);
    expect(outcomes.every(({ ok }) => ok)).toBe(true);
  });

  test('is made to whichever address of a name listens, and reads there', async () => {
    const upstream = await startRaw((socket) => socket.once('data', () => socket.write(OK)));
    const origin = originOf({ url: upstream.url.replace('127.0.0.1', 'both.example') });
    let got = '';
    const buffer = Buffer.alloc(1_024);
    const callback = (count: number, bytes: Uint8Array) => {
      got += Buffer.from(bytes.subarray(0, count)).toString('latin1');
      return true;
    };
    // One that nobody listens on comes first.
    const addresses = [
      { address: '::1', family: 6 },
      { address: '127.0.0.1', family: 4 },
    ];
    const lookup = (_name: string, _options: object, found: (error: null, all: object[]) => void) =>
      found(null, addresses);
    const connect = connectorOf(origin, {}, { onread: { buffer, callback }, lookup } as object);
    const where = { hostname: origin.host, host: origin.host, protocol: 'http:', port: String(origin.port) };
    connect(where, (_error, socket) => {
      onTestFinished(() => void socket!.destroy());
      socket!.write('GET / HTTP/1.1\r\n\r\n');
    });
    await until('its answer is there', () => got === OK);
  });

  test('to an upstream that speaks first carries nothing', async () => {
    const upstream = await startRaw((socket) => socket.write('220 mail ready\r\n'));
    const { url, outcomes } = await start(upstream.url);
    expect((await send(url)).body).toBe('untouched');
    expect(failureOf(outcomes)).toMatchObject({ side: 'upstream', late: false, stale: false });
  });

  test('breaks with what it carries when the forwarder is closed, and so does one that is being made', async () => {
    const silent = await startRaw(() => {});
    for (const url of [silent.url, silent.url.replace('http:', 'https:')]) {
      const forwarder = alone({ url, timeout: undefined });
      const server = createServer((request, response) => {
        void forwarder.forward({ request, response, path: '/' }).then((outcome) => {
          response.writeHead(599).end(JSON.stringify(outcome.ok || outcome.failure.phase));
        });
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      onTestFinished(() => void server.close().closeAllConnections());
      const answer = send(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
      const secure = url.startsWith('https:');
      await until('it is under way', () => {
        const { busy, waiting } = forwarder.connections();
        return (secure ? waiting : busy) === 1;
      });
      await forwarder.close();
      expect((await answer).body).toBe(secure ? '"connect"' : '"head"');
      expect(forwarder.connections()).toEqual({ open: 0, busy: 0, waiting: 0 });
    }
  });
});

test('long answers that are read side by side, and slowly, stay apart, and hold the upstream up', async () => {
  const step = 64 * 1024;
  const size = 512 * step;
  const given: Record<string, number> = {};
  const upstream = await startUpstream('up', ({ url }, response) => {
    const letter = url!.slice(1);
    function* pieces() {
      for (given[letter] = 0; given[letter] < size; given[letter] += step) yield Buffer.alloc(step, letter);
    }
    response.writeHead(200, { 'Content-Length': size });
    Readable.from(pieces()).pipe(response);
  });
  const { url } = await start(upstream.url);
  const { hostname, port } = new URL(url);
  const clients = ['a', 'b'].map((letter) => {
    const socket = connectTo(Number(port), hostname);
    socket.write(`GET /${letter} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`);
    return { letter, socket: socket.pause() };
  });
  let before = '';
  await until(
    'both have begun, and stand still',
    () => {
      const now = JSON.stringify(given);
      const still = now === before && Object.keys(given).length === 2;
      before = now;
      return still;
    },
    20_000,
    300,
  );
  for (const bytes of Object.values(given)) expect(bytes).toBeLessThan(size);
  await Promise.all(
    clients.map(async ({ letter, socket }) => {
      let others = 0;
      let got = 0;
      for await (const chunk of socket as AsyncIterable<Buffer>) {
        const body = got === 0 ? chunk.subarray(chunk.indexOf('\r\n\r\n') + 4) : chunk;
        got += body.length;
        if (!body.equals(Buffer.alloc(body.length, letter))) others += 1;
      }
      expect([got, others]).toEqual([size, 0]);
    }),
  );
});

describe('time', () => {
  test('runs for each exchange by itself', async () => {
    const { url: upstream } = await startCounting(() => '');
    const { url, outcomes } = await start(upstream, { timeout: 300 });
    const began = performance.now();
    const waits: number[] = [];
    const one = (body?: string) =>
      send(url, '/', body === undefined ? {} : { method: 'POST', body }).then(() =>
        waits.push(performance.now() - began),
      );
    const first = one();
    await until('a third of it has passed', () => performance.now() - began > 100);
    await Promise.all([first, one('small')]);
    expect(waits[0]).toBeGreaterThan(290);
    expect(waits[1]).toBeGreaterThan(390);
    expect(outcomes).toMatchObject([{ failure: { late: true } }, { failure: { late: true } }]);
  });

  test('without a byte of the body breaks the answer off', async () => {
    const { url: upstream } = await startCounting(() => 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf');
    const { url, outcomes } = await start(upstream, { idleTimeout: 200 });
    await expect(send(url)).rejects.toThrow();
    expect(failureOf(outcomes)).toMatchObject({ side: 'upstream', phase: 'body', late: true });
    expect(failureOf(outcomes)!.cause.message).toBe("nothing of the answer's body for 200 ms");
  });
});

describe('a request', () => {
  test('with a small body that came with its head goes out with one write', async () => {
    const packets: string[] = [];
    const upstream = await startRaw((socket) =>
      socket.on('data', (packet) => {
        packets.push(packet.toString('latin1'));
        socket.write(OK);
      }),
    );
    const { url } = await start(upstream.url);
    const body = 'b\u00e4\0\xff';
    const head = `POST /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n`;
    expect(await sendRaw(url, head + body)).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*ok$/);
    expect(packets).toEqual([
      expect.stringMatching(/^POST \/a HTTP\/1\.1\r\nHost: h\r\n[^]*\r\n\r\nb\xe4\0\xff$/),
    ]);
  });

  test('with any other body is left to others', async () => {
    const upstream = await startUpstream('up');
    const { url } = await start(upstream.url);
    const long = 'x'.repeat(16 * 1024 + 1);
    for (const options of [{ body: long }, { body: 'x', headers: { 'transfer-encoding': 'chunked' } }])
      expect((await send(url, '/', { method: 'POST', ...options })).body).toBe('untouched');
    expect(upstream.seen).toEqual([]);
  });

  test('gets the upstream’s own Host where its client has none', async () => {
    const upstream = await startUpstream('up');
    const { url } = await start(upstream.url);
    await sendRaw(url, 'GET / HTTP/1.0\r\n\r\n');
    expect(valuesOf(upstream.seen[0]!.fields, 'host')).toEqual([new URL(upstream.url).host]);
  });

  test('whose target can’t be written goes nowhere', async () => {
    const upstream = await startUpstream('up');
    for (const path of ['/a b', '/a\r\nX: y', '/\u010a', '']) {
      const { url, outcomes } = await startForwarding(alone, { url: upstream.url, timeout: undefined }, path);
      expect((await send(url)).body).toBe('untouched');
      expect(failureOf(outcomes)!.cause.message).toContain(JSON.stringify(path));
    }
    expect(upstream.seen).toEqual([]);
  });
});
