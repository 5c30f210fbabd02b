import type { Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { until } from '../support/until.ts';
import { send } from './support/client.ts';
import { failureOf, forwarders, startForwarding } from './support/forwarding.ts';
import { startRaw } from './support/upstream.ts';

const MIB = 1024 * 1024;
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** Reads steadily, so many bytes ten times a second, and calls `onAll` when it has got this many. */
function readSlowly(socket: Socket, step: number, total: number, onAll: () => void) {
  let got = 0;
  socket.pause().on('readable', () => {});
  const timer = setInterval(() => {
    const chunk = socket.read(Math.min(step, socket.readableLength)) as Buffer | null;
    got += chunk?.length ?? 0;
    if (got < total) return;
    clearInterval(timer);
    onAll();
  }, 100);
  const stop = () => clearInterval(timer);
  socket.on('close', stop);
  onTestFinished(stop);
}

// The upstream's time counts from the request's last byte, whatever time the body takes.
// The sockets leave long bodies to undici.
describe.each(forwarders.filter(([name]) => name !== 'sockets'))('uploads over %s', (_name, open) => {
  test('an upstream that reads slowly but steadily gets all of a body that takes many times its timeout', async () => {
    const size = 6 * MIB;
    const upstream = await startRaw((socket) => readSlowly(socket, 128 * 1024, size, () => socket.write(OK)));
    const { url, outcomes } = await startForwarding(open, { url: upstream.url, timeout: 1_000 });
    const began = performance.now();
    const answer = await send(url, '/', { method: 'POST', body: 'x'.repeat(size) });
    expect(answer).toMatchObject({ status: 200, body: 'ok' });
    expect(performance.now() - began).toBeGreaterThan(4_000);
    expect(outcomes).toEqual([{ ok: true, status: 200 }]);
  });

  test.each([10, 3 * MIB])(
    'one that has got a body of %i bytes and says nothing is too slow',
    async (size) => {
      let got = 0;
      let last = 0;
      const upstream = await startRaw((socket) =>
        socket.on('data', (chunk) => {
          got += chunk.length;
          last = performance.now();
        }),
      );
      const { url, outcomes } = await startForwarding(open, { url: upstream.url, timeout: 300 });
      expect((await send(url, '/', { method: 'POST', body: 'x'.repeat(size) })).body).toBe('untouched');
      const waited = performance.now() - last;
      expect(got).toBeGreaterThan(size);
      expect(waited).toBeGreaterThan(250);
      expect(waited).toBeLessThan(size > MIB ? 2_000 : 1_000);
      expect(failureOf(outcomes)).toMatchObject({ side: 'upstream', phase: 'head', late: true });
      expect(failureOf(outcomes)!.cause.message).toBe('no answer within 300 ms');
    },
  );

  test.each([2 * MIB, 16 * MIB])(
    'one that takes nothing of a body of %i bytes any more is given up after the stall limit, and let go',
    async (size) => {
      let closed = false;
      const upstream = await startRaw((socket) => {
        socket.pause().on('close', () => (closed = true));
      });
      const options = { url: upstream.url, timeout: 100, stall: 1_500 };
      const { url, outcomes } = await startForwarding(open, options);
      const began = performance.now();
      const answer = send(url, '/', { method: 'POST', body: 'x'.repeat(size) }).catch(() => undefined);
      await until('it is given up', () => outcomes.length > 0);
      expect(performance.now() - began).toBeGreaterThan(1_400);
      expect(failureOf(outcomes)).toMatchObject({ side: 'upstream', phase: 'head', late: true });
      expect(failureOf(outcomes)!.cause.message).toBe("it took nothing of the request's body for 1500 ms");
      await answer;
      upstream.sockets()[0]!.resume();
      await until('the connection is closed', () => closed);
    },
  );

  test('without a timeout an upstream may stop for as long as it likes', async () => {
    const upstream = await startRaw((socket) => socket.pause());
    const { url, outcomes } = await startForwarding(open, {
      url: upstream.url,
      timeout: undefined,
      stall: 200,
    });
    const answer = send(url, '/', { method: 'POST', body: 'x'.repeat(8 * MIB) });
    const began = performance.now();
    await until('five times the stall limit', () => performance.now() - began > 1_000);
    expect(outcomes).toEqual([]);
    const [socket] = upstream.sockets();
    let got = 0;
    socket!.on('data', (chunk) => {
      got += chunk.length;
      if (got > 8 * MIB) socket!.end(OK);
    });
    socket!.resume();
    expect((await answer).body).toBe('ok');
  });
});
