import type { Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { openLane } from './conformance/lane.ts';

const lane = openLane();
afterEach(() => lane.forget());

/** Either side learns that the other is gone within this time. */
const SECOND = 1_000;

// A write: a safe request would be sent once more over another connection.
const write = 'POST /a HTTP/1.1\r\nHost: shop\r\nContent-Length: 0\r\n\r\n';
const upload = 'POST /a HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n';
const begun = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n';

const failures = () => lane.lines.filter(({ side }) => side !== undefined);

/** How far an exchange has got when a side goes away. */
const STAGES = ['while the origin thinks', 'in the upload', 'in the answer'] as const;

/** Brings an exchange to a stage; the origin's own socket of it comes back with the client. */
async function exchangeAt(stage: (typeof STAGES)[number]) {
  let origin: Socket | undefined;
  let gone = false;
  const take = (socket: Socket) => {
    origin = socket;
    for (const event of ['end', 'close']) socket.on(event, () => (gone = true));
  };
  lane.monolith.onHead = (_head, socket) => take(socket);
  lane.monolith.answer = (_request, socket) => {
    take(socket);
    return stage === 'in the answer' ? begun : undefined;
  };
  const client = lane.connect();
  client.write(stage === 'in the upload' ? upload : write);
  await until('the request is with the origin', () => origin);
  if (stage === 'in the answer')
    await until('the first part of the answer', () => client.got().includes('hi'));
  return { client, origin: origin!, gone: () => gone };
}

const ways: [string, (socket: Socket) => unknown][] = [
  ['closes its connection', (socket) => socket.end()],
  ['resets its connection', (socket) => socket.resetAndDestroy()],
];

describe.each(STAGES)('%s', (stage) => {
  test.each(ways)(
    'a client that %s takes the origin’s exchange with it within a second',
    async (_how, leave) => {
      const { client, gone } = await exchangeAt(stage);
      leave(client.socket);
      await until('the origin’s connection has ended', gone, SECOND, 2);
      await until('it is logged', () => failures().length > 0);
      expect(failures()).toMatchObject([{ side: 'client', msg: 'the client went away' }]);
    },
  );

  test.each(ways)(
    'an origin that %s is the client’s 502 or broken answer within a second',
    async (_how, leave) => {
      const { client, origin } = await exchangeAt(stage);
      leave(origin);
      await until('the client knows', () => client.closed() || client.answers().whole.length > 0, SECOND, 2);
      const { whole, rest } = client.answers();
      if (stage === 'in the answer') {
        expect(whole).toEqual([]);
        expect(rest).toMatch(/\r\n2\r\nhi\r\n$/);
        expect(client.closed()).toBe(true);
      } else expect(whole.map(({ status }) => status)).toEqual([502]);
      await until('it is logged', () => failures().length > 0);
      expect(failures()).toMatchObject([
        { side: 'upstream', phase: stage === 'in the answer' ? 'body' : 'head' },
      ]);
    },
  );
});

test('an answer that comes in the middle of an upload is with the client while it still sends', async () => {
  lane.monolith.onHead = (_head, socket) =>
    void socket.write('HTTP/1.1 422 Unprocessable Content\r\nContent-Length: 2\r\n\r\nno');
  const client = lane.connect();
  client.write(upload);
  await until('the answer', () => client.answers().whole.length === 1);
  expect(client.answers().whole).toMatchObject([{ status: 422, body: 'no' }]);
  // And the rest of the upload does no harm: neither to the client nor to anybody else's answer.
  client.write('2\r\nyo\r\n0\r\n\r\n');
  await lane.settle();
  expect(client.answers().whole).toHaveLength(1);
  expect(lane.monolith.nonsense).toEqual([]);
});
