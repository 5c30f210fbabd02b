import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { serveLive, type Watch } from '../../../demo/live/serve-live.ts';
import { until } from '../../support/until.ts';

async function serving(admit: () => Promise<Watch | number>) {
  const server = createServer();
  const live = serveLive(server, { side: 'monolith', admit });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    await live.close();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const open = (origin?: string) => {
    const page = { got: [] as unknown[], closed: 0, refused: 0, side: '' };
    const socket = new WebSocket(`ws://127.0.0.1:${port}/live`, origin === undefined ? {} : { origin });
    socket.on('upgrade', ({ headers }) => (page.side = String(headers['x-served-by'])));
    socket.on('message', (data) => page.got.push(JSON.parse(String(data))));
    socket.on('close', (code) => (page.closed = code));
    socket.on('unexpected-response', (_request, { statusCode }) => (page.refused = statusCode!));
    socket.on('error', () => {});
    onTestFinished(() => socket.terminate());
    return page;
  };
  return { live, open, origin: `http://127.0.0.1:${port}` };
}

test('a page is told what is there at once, and again when that has changed, with who says so', async () => {
  let looks = 0;
  let left = 4;
  const { open, origin } = await serving(async () => async () => {
    looks += 1;
    return { left };
  });
  const page = open(origin);
  await until('the first message', () => page.got.length === 1);
  await until('two more looks', () => looks >= 3);
  left = 3;
  await until('the second message', () => page.got.length === 2);
  expect(page).toMatchObject({
    side: 'monolith',
    got: [
      { served_by: 'monolith', left: 4 },
      { served_by: 'monolith', left: 3 },
    ],
  });
});

test('a page that may watch no more is told so, and one whose watch breaks that it may come again', async () => {
  const ends: Watch[] = [async () => undefined, () => Promise.reject(new Error('away'))];
  const { open } = await serving(async () => ends.shift()!);
  const ended = open();
  await until('the first is closed', () => ended.closed);
  const broken = open();
  await until('the second is closed', () => broken.closed);
  expect([ended.closed, broken.closed]).toEqual([1008, 1011]);
  expect([...ended.got, ...broken.got]).toEqual([]);
});

test('another site’s page is refused, and so is what is not there', async () => {
  const { open } = await serving(async () => 404);
  const foreign = open('https://evil.example');
  const unknown = open();
  await until('both are refused', () => foreign.refused && unknown.refused);
  expect([foreign.refused, unknown.refused]).toEqual([403, 404]);
});

test('a stop tells every page that the server goes away', async () => {
  const { live, open } = await serving(async () => async () => ({}));
  const pages = [open(), open()];
  await until('both are open', () => pages.every(({ got }) => got.length === 1));
  await live.close();
  await until('both are closed', () => pages.every(({ closed }) => closed));
  expect(pages.map(({ closed }) => closed)).toEqual([1001, 1001]);
});
