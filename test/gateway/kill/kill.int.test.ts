import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { formatList } from '../../../cli/kill/report.ts';
import { memorySource } from '../../support/memory-source.ts';
import { until } from '../../support/until.ts';
import { send } from '../support/client.ts';
import { freshFolder, metric, shopConfig, started, type Started } from '../support/gateway.ts';
import { startUpstream, type TestUpstream } from '../support/upstream.ts';
import { listed, order } from './order.ts';

let monolith: TestUpstream;
let inventory: TestUpstream;
let stateDir: string;
const config = () => shopConfig({ monolith: monolith.url, inventory: inventory.url }, { stateDir });
const EXTRACTED = { inventory: { reads: { stage: 'extracted' } } } as const;
const MOVED = { inventory: { reads: { stage: 'extracted' }, writes: { stage: 'extracted' } } } as const;
const ORDER = { contexts: ['inventory'], by: 'ada@shop', reason: 'wrong stock' };
const read = async (gateway: Started) => (await send(gateway.url, '/inventory/a')).body;
const write = (gateway: Started) => send(gateway.url, '/inventory/a', { method: 'POST', body: 'x' });

beforeEach(async () => {
  monolith = await startUpstream('monolith');
  inventory = await startUpstream('inventory');
  stateDir = await freshFolder();
});

test('a kill sends reads to the monolith at once, and no poll, hint, new revision or restart clears it: only its name does', async () => {
  const source = memorySource(EXTRACTED);
  const first = await started(await config(), source);
  expect(await read(first)).toBe('inventory');
  const { status, answer } = await order(first, '/kill', ORDER);
  expect(status).toBe(200);
  expect(answer).toMatchObject({ gateway: 'g1', revision: 1, generation: 'first' });
  expect(answer.contexts).toEqual([
    {
      context: 'inventory',
      kill: {
        ...{ id: expect.any(String), at: expect.any(String), by: 'ada@shop' },
        ...{ reason: 'wrong stock', consent: null },
      },
      writes: 'monolith',
      changed: true,
    },
  ]);
  expect(answer).not.toHaveProperty('notKept');
  expect(await read(first)).toBe('monolith');
  expect(await metric(first, 'banyan_gateway_killed{context="inventory"}')).toBe(1);

  source.set(EXTRACTED);
  await until('the change is in force', async () => (await listed(first)).revision === 2);
  expect(await read(first)).toBe('monolith');
  source.replace({ generation: 'restored', revision: 1, contexts: (await source.read()).contexts });
  await until('the other store is in force', async () => (await listed(first)).generation === 'restored');
  const polls = source.reports.length;
  await until('two polls', () => source.reports.length >= polls + 2);
  expect(await read(first)).toBe('monolith');

  await first.stop();
  const second = await started(await config(), source);
  expect(await read(second)).toBe('monolith');
  expect((await listed(second)).contexts[0]!.kill).toEqual(answer.contexts[0]!.kill);
  expect(second.lines.map(({ msg }) => msg)).toContain('killed before the start, and still');
  // Another gateway's latch is another.
  expect((await listed(await started(await config(), source, { name: 'g2' }))).contexts[0]!.kill).toBe(null);

  expect((await order(second, '/kill/release', ORDER)).answer.contexts[0]).toMatchObject({
    kill: null,
    changed: true,
  });
  expect(await read(second)).toBe('inventory');
  expect(await metric(second, 'banyan_gateway_killed{context="inventory"}')).toBe(0);
  expect(JSON.parse(await readFile(join(stateDir, 'killed-g1.json'), 'utf8'))).toMatchObject({ kills: {} });
});

test('without the store a kill and a restart work all the same, and the audit gets each once when it is back', async () => {
  const source = memorySource(EXTRACTED);
  const first = await started(await config(), source);
  await until('the copy', () => readFile(join(stateDir, 'snapshot-g1.json'), 'utf8'));
  source.away = true;
  expect((await order(first, '/kill', { ...ORDER, contexts: '*' })).status).toBe(200);
  expect(await read(first)).toBe('monolith');
  expect((await listed(first)).unaudited).toBe(1);
  await first.stop();
  const second = await started(await config(), source);
  expect(await read(second)).toBe('monolith');
  await order(second, '/kill/release', { contexts: ['inventory'], by: 'bob' });
  expect(await read(second)).toBe('inventory');
  await until('it says so', () =>
    second.lines.some(({ msg }) => String(msg).startsWith('the store can’t be told of a kill')),
  );
  expect(source.kills).toEqual([]);

  source.away = false;
  await until('the audit', async () => (await listed(second)).unaudited === 0);
  expect(source.kills).toMatchObject([
    { action: 'kill', gateway: 'g1', context: 'inventory', by: 'ada@shop', reason: 'wrong stock' },
    { action: 'release', gateway: 'g1', context: 'inventory', by: 'bob', reason: null },
  ]);
  await second.stop();
  const third = await started(await config(), source);
  await until('a poll', () => third.lines.length > 0 && source.reports.length);
  expect((await listed(third)).unaudited).toBe(0);
  expect(source.kills).toHaveLength(2);
});

test('where the writes have moved a kill is refused, says what is at stake, and changes nothing', async () => {
  const source = memorySource(MOVED);
  const gateway = await started(await config(), source);
  const { status, answer } = await order(gateway, '/kill', ORDER);
  expect(status).toBe(409);
  expect(answer.contexts).toEqual([
    {
      ...{ context: 'inventory', kill: null, writes: 'extracted service', changed: false },
      refused: {
        kind: 'writes-moved',
        message: expect.stringMatching(/the monolith lacks .*--accept-loss.*--hold-writes/),
      },
    },
  ]);
  expect(await read(gateway)).toBe('inventory');

  await order(gateway, '/kill', { ...ORDER, consent: 'accept-loss' });
  expect(await read(gateway)).toBe('monolith');
  expect((await write(gateway)).body).toBe('inventory');
  await until('the audit', () => source.kills.length);
  expect(source.kills).toMatchObject([{ consent: 'accept-loss' }]);
});

test('held writes reach nobody: they are answered 503 with Retry-After, WebSockets of write routes too', async () => {
  const source = memorySource(MOVED);
  const gateway = await started(await config(), source);
  const { status, answer } = await order(gateway, '/kill', { ...ORDER, consent: 'hold-writes' });
  expect(status).toBe(200);
  expect(answer.contexts[0]!.writes).toBe('nobody');
  const held = await write(gateway);
  expect(held).toMatchObject({ status: 503, body: '503 Service Unavailable\n' });
  expect(held.headers['retry-after']).toBe('10');
  expect((await send(gateway.url, '/inventory/a/touch')).status).toBe(503);
  const socket = new WebSocket(`${gateway.url.replace('http', 'ws')}/inventory/a/touch`);
  const refused = await new Promise<{ statusCode?: number; headers: Record<string, unknown> }>((resolve) =>
    socket.on('unexpected-response', (_request, response) => resolve(response)),
  );
  expect(refused.statusCode).toBe(503);
  expect(refused.headers['retry-after']).toBe('10');
  expect(inventory.seen).toEqual([]);
  expect(monolith.seen).toEqual([]);
  expect(await read(gateway)).toBe('monolith');
  expect(
    await metric(
      gateway,
      'banyan_gateway_requests_total{upstream="",context="inventory",kind="write",status="5xx"}',
    ),
  ).toBe(3);
  // The monolith owns them again: there is nothing to hold.
  source.set({ inventory: { writes: { stage: 'legacy' } } });
  await until('they are back', async () => (await write(gateway)).body === 'monolith');
  await order(gateway, '/kill/release', ORDER);
  expect(await read(gateway)).toBe('inventory');
});

test('the file kills what its lines name, in seconds at most; a line that goes releases nothing, one that stands can’t be released', async () => {
  const file = join(stateDir, 'kill');
  await writeFile(file, '* # the night shift\n');
  const early = await started(await config(), memorySource(EXTRACTED), { name: 'early' });
  expect((await listed(early)).contexts[0]!.kill).toMatchObject({
    by: `the file ${file}`,
    reason: 'the night shift',
  });
  await rm(file);

  const gateway = await started(await config(), memorySource(EXTRACTED));
  expect(await read(gateway)).toBe('inventory');
  await writeFile(file, 'inventory\norders\n');
  await until('it is killed', async () => (await read(gateway)) === 'monolith');
  await until('what is wrong in it is told', () =>
    gateway.lines.some(
      ({ problem }) => problem === "there is no context 'orders'; known contexts: inventory",
    ),
  );
  const { status, answer } = await order(gateway, '/kill/release', ORDER);
  expect(status).toBe(409);
  expect(answer.contexts[0]!.refused!.message).toContain(`the file ${file} names 'inventory'`);
  await rm(file);
  // The release is refused for as long as the file is believed to be there.
  await until('released', async () => (await order(gateway, '/kill/release', ORDER)).status === 200);
  expect(await read(gateway)).toBe('inventory');
  expect((await listed(early)).contexts[0]!.kill).not.toBe(null);

  // A line releases once, when it comes, and never at a start.
  await writeFile(file, 'inventory release\n');
  await until('released', async () => (await read(early)) === 'inventory');
  await order(early, '/kill', ORDER);
  await early.stop();
  expect(await read(await started(await config(), memorySource(EXTRACTED), { name: 'early' }))).toBe(
    'monolith',
  );
});

test('in the file as well, a context whose writes have moved wants a word', async () => {
  const gateway = await started(await config(), memorySource(MOVED));
  const file = join(stateDir, 'kill');
  await writeFile(file, 'inventory\n');
  await until('it is refused', () =>
    gateway.lines.some(({ problem }) => String(problem).includes('--accept-loss')),
  );
  expect(await read(gateway)).toBe('inventory');
  // A line of its own counts before `*`, whose consent is another.
  await writeFile(file, '* accept-loss\ninventory hold-writes\n');
  await until('held', async () => (await write(gateway)).status === 503);
  expect(await read(gateway)).toBe('monolith');
});

test('not one request fails while a context is killed and released under load, and one under way ends as it was decided', async () => {
  let finish: (() => void) | undefined;
  inventory = await startUpstream('inventory', (request, response) => {
    if (request.url === '/inventory/slow') finish = () => response.end('inventory');
    else response.end('inventory');
  });
  const gateway = await started(await config(), memorySource(EXTRACTED));
  const slow = send(gateway.url, '/inventory/slow');
  await until('the slow one is with the service', () => finish);
  const answers: string[] = [];
  let running = true;
  const load = async () => {
    while (running) {
      const { status, body } = await send(gateway.url, '/inventory/a');
      answers.push(`${status} ${body}`);
    }
  };
  const loads = Promise.all([load(), load(), load(), load()]);
  for (let turn = 0; turn < 8; turn += 1) {
    await order(gateway, '/kill', ORDER);
    // Whatever is decided from the answer on knows of the kill.
    expect(await read(gateway)).toBe('monolith');
    await order(gateway, '/kill/release', ORDER);
    expect(await read(gateway)).toBe('inventory');
  }
  running = false;
  await loads;
  expect([...new Set(answers)].toSorted()).toEqual(['200 inventory', '200 monolith']);
  finish!();
  expect((await slow).body).toBe('inventory');
});

test('a kill brings no retired context back, and says so', async () => {
  const gateway = await started(await config(), memorySource({ inventory: { reads: { stage: 'retired' } } }));
  const { answer } = await order(gateway, '/kill', ORDER);
  expect(answer.contexts[0]).toMatchObject({ changed: true, retired: true, writes: 'monolith' });
  expect((await send(gateway.url, '/inventory/a')).status).toBe(410);
  const list = formatList({ gateways: [{ ops: 'here', answer }], unasked: [], register: undefined });
  expect(list).toContain(': reads → nobody, they are retired, writes → monolith\n');
});

test('a second kill of the same context keeps the first, unless it asks for the writes', async () => {
  const source = memorySource(MOVED);
  const gateway = await started(await config(), source);
  const first = await order(gateway, '/kill', { ...ORDER, consent: 'accept-loss' });
  const again = await order(gateway, '/kill', { contexts: ['inventory'], by: 'bob' });
  expect(again.answer.contexts[0]).toMatchObject({
    changed: false,
    kill: first.answer.contexts[0]!.kill,
  });
  const held = await order(gateway, '/kill', { contexts: ['inventory'], by: 'bob', consent: 'hold-writes' });
  expect(held.answer.contexts[0]).toMatchObject({ changed: true, writes: 'nobody' });
  await until('both are audited', () => source.kills.length === 2);
});

test('what a web page could send is refused, and so is what is no order', async () => {
  const gateway = await started(await config(), memorySource(EXTRACTED));
  const json = { 'content-type': 'application/json' };
  for (const [headers, body, status] of [
    [{ 'content-type': 'text/plain' }, ORDER, 415],
    [{ ...json, origin: 'https://example.org' }, ORDER, 403],
    [{ ...json, origin: gateway.opsUrl }, ORDER, 403],
    [json, { by: 'ada' }, 400],
    [json, { contexts: [] }, 400],
    [json, { ...ORDER, consent: 'perhaps' }, 400],
    [json, { contexts: ['toString'] }, 404],
  ] as const) {
    expect((await order(gateway, '/kill', body, headers)).status).toBe(status);
  }
  const deleted = await fetch(`${gateway.opsUrl}/kill`, { method: 'DELETE' });
  expect([deleted.status, deleted.headers.get('allow')]).toEqual([405, 'GET, HEAD, POST']);
  expect(await (await fetch(`${gateway.opsUrl}/`)).text()).toMatch(/^here are .*, \/kill, \/kill\/release/);
  expect(await read(gateway)).toBe('inventory');
});

test('a kill that can’t be written down is in force, says that a restart would lose it, and is written when it can be', async () => {
  const folder = join(stateDir, 'state');
  const urls = { monolith: monolith.url, inventory: inventory.url };
  await writeFile(folder, 'a file where the folder should be');
  const gateway = await started(await shopConfig(urls, { stateDir: folder }), memorySource(EXTRACTED));
  const { status, answer } = await order(gateway, '/kill', ORDER);
  expect(status).toBe(200);
  expect(answer.notKept).toMatch(/EEXIST|ENOTDIR/);
  expect(await read(gateway)).toBe('monolith');
  await rm(folder);
  await until('it is written', async () =>
    (await readFile(join(folder, 'killed-g1.json'), 'utf8')).includes('wrong stock'),
  );
  await until('it says so', () =>
    gateway.lines.some(({ msg }) => msg === 'the latches of the kill switch are written again'),
  );
});

test('latches that can’t be read may have been any: every context is killed until it is released', async () => {
  await writeFile(join(stateDir, 'killed-g1.json'), '{"kills": ');
  const gateway = await started(await config(), memorySource(EXTRACTED));
  expect(await read(gateway)).toBe('monolith');
  expect(gateway.lines.map(({ msg }) => msg)).toContain(
    'the latches of the kill switch can’t be read: every context is killed',
  );
  await order(gateway, '/kill/release', { contexts: '*' });
  expect(await read(gateway)).toBe('inventory');
});

test('an open WebSocket stays where it is; the next one goes to the monolith', async () => {
  for (const { server } of [monolith, inventory]) {
    const sockets = new WebSocketServer({ server });
    const name = server === monolith.server ? 'monolith' : 'inventory';
    sockets.on('connection', (socket) => socket.on('message', () => socket.send(name)));
  }
  const gateway = await started(await config(), memorySource(EXTRACTED));
  const answerOf = (socket: WebSocket) =>
    new Promise<string>((resolve, reject) => {
      socket.once('message', (data: Buffer) => resolve(data.toString()));
      socket.once('error', reject);
      if (socket.readyState === WebSocket.OPEN) socket.send('who?');
      else socket.once('open', () => socket.send('who?'));
    });
  const open = () => new WebSocket(`${gateway.url.replace('http', 'ws')}/inventory/a`);
  const before = open();
  expect(await answerOf(before)).toBe('inventory');
  await order(gateway, '/kill', ORDER);
  expect(await answerOf(before)).toBe('inventory');
  const after = open();
  expect(await answerOf(after)).toBe('monolith');
  before.terminate();
  after.terminate();
});
