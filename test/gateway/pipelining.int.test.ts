import { afterEach, expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { openLane } from './conformance/lane.ts';
import { say, type Received } from './conformance/recording-origin.ts';
import { upgradeTo } from './support/client.ts';

const lane = openLane();
afterEach(() => lane.forget());

const get = (target: string) => `GET ${target} HTTP/1.1\r\nHost: shop\r\n\r\n`;
const post = (target: string) => `POST ${target} HTTP/1.1\r\nHost: shop\r\nContent-Length: 2\r\n\r\nhi`;
const targets = () => lane.monolith.received.map(({ target }) => target);

/** The origin answers when it is told to. */
function holdAnswers(): { request: Received; go: () => void }[] {
  const held: { request: Received; go: () => void }[] = [];
  lane.monolith.answer = (request, socket) => {
    held.push({ request, go: () => void socket.write(say(request), 'latin1') });
    return undefined;
  };
  return held;
}

test('what a client pipelines behind a write reaches the upstream after the write is answered', async () => {
  const held = holdAnswers();
  const client = lane.connect();
  client.write(post('/write') + get('/read') + get('/other'));
  await until('the write', () => held.length === 1);
  await lane.settle();
  expect(targets()).toEqual(['/write']);
  held[0]!.go();
  await until('the read', () => held.length === 2);
  held[1]!.go();
  await until('the other read', () => held.length === 3);
  held[2]!.go();
  await until('all answers', () => client.answers().whole.length === 3);
  expect(client.answers().whole.map(({ body }) => body)).toEqual(['POST /write', 'GET /read', 'GET /other']);
});

test('a hundred pipelined requests, bodies among them, are answered in order', async () => {
  const wanted = Array.from({ length: 100 }, (_, nth) => `${nth % 2 ? 'POST' : 'GET'} /${nth}`);
  const client = lane.connect();
  client.write(wanted.map((line) => (line.startsWith('G') ? get : post)(line.split(' ')[1]!)).join(''));
  // And more than one packet, behind what waits.
  await lane.settle();
  client.write(get('/last'));
  await until('all answers', () => client.answers().whole.length === 101);
  expect(client.answers().whole.map(({ body }) => body)).toEqual([...wanted, 'GET /last']);
  expect(lane.monolith.received.map(({ method, target }) => `${method} ${target}`)).toEqual([
    ...wanted,
    'GET /last',
  ]);
});

test.each([
  ['a request that is refused by the parser', 'GET / HTTP/1.1\r\nHost : shop\r\n\r\n', 400],
  ['one that is refused for its framing', 'GET / HTTP/1.1\r\n\r\n', 400],
  [
    'one with a body that is no HTTP',
    'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n',
    400,
  ],
  ['a version that is none of ours', 'GET / HTTP/2.0\r\nHost: shop\r\n\r\n', 505],
])('behind sound requests %s is answered after them, and reaches nobody', async (_name, bytes, status) => {
  const held = holdAnswers();
  const client = lane.connect();
  client.write(get('/a') + post('/b') + bytes);
  for (const nth of [0, 1]) {
    await until('a sound request', () => held.length === nth + 1);
    expect(client.answers().whole).toHaveLength(nth);
    held[nth]!.go();
  }
  await until('the end', () => client.closed());
  expect(client.answers().whole.map((answer) => answer.status)).toEqual([200, 200, status]);
  expect(targets()).toEqual(['/a', '/b']);
  expect(lane.monolith.unfinished()).toEqual([]);
  expect(lane.lines.filter(({ side }) => side === 'client')).toMatchObject([{ status }]);
});

test('a client that goes away takes with it what waited for its turn', async () => {
  const held = holdAnswers();
  const client = lane.connect();
  client.write(get('/a') + post('/b'));
  await until('the first', () => held.length === 1);
  client.socket.resetAndDestroy();
  await until('it is logged', () => lane.lines.some(({ msg }) => msg === 'the client went away'));
  await lane.settle();
  expect(targets()).toEqual(['/a']);
});

test('an upgrade behind a request waits for its answer', async () => {
  const held = holdAnswers();
  const client = lane.connect();
  client.write(get('/a') + upgradeTo('/chat'));
  await until('the first', () => held.length === 1);
  await lane.settle();
  expect(targets()).toEqual(['/a']);
  held[0]!.go();
  await until('the upgrade', () => held.length === 2);
  held[1]!.go();
  await until('both answers', () => client.answers().whole.length === 2);
  expect(client.answers().whole.map(({ body }) => body)).toEqual(['GET /a', 'GET /chat']);
});

test.each([
  ['in one packet', true],
  ['in one after the other', false],
])(
  'CONNECT behind sound requests is answered after them, and of what follows it nothing reaches anybody: %s',
  async (_, together) => {
    const held = holdAnswers();
    const client = lane.connect();
    const connect = 'CONNECT shop:443 HTTP/1.1\r\nHost: shop:443\r\n\r\n';
    const messages = [get('/one'), post('/two'), connect, get('/through-the-tunnel')];
    if (together) client.write(messages.join(''));
    else {
      for (const message of messages) {
        client.write(message);
        await lane.settle();
      }
    }
    await until('the first', () => held.length === 1);
    await lane.settle();
    expect(client.answers().whole).toEqual([]);
    held[0]!.go();
    await until('the second', () => held.length === 2);
    held[1]!.go();
    await until('the end', () => client.closed());
    expect(client.answers().whole.map(({ status }) => status)).toEqual([200, 200, 501]);
    expect(targets()).toEqual(['/one', '/two']);
  },
);
