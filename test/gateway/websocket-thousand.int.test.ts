import type { Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { openLane } from './conformance/lane.ts';
import type { RawClient } from './conformance/raw-client.ts';
import type { RecordingOrigin } from './conformance/recording-origin.ts';
import { upgradeTo } from './support/client.ts';

const lane = openLane();
afterEach(() => lane.forget());

const MANY = 1_000;
const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';

/** An origin that says its name on each WebSocket, and sends back what it gets. */
function echo(origin: RecordingOrigin, name: string): Set<Socket> {
  const open = new Set<Socket>();
  origin.answer = (_request, socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('data', (chunk) => socket.write(chunk));
    origin.takeOver(socket);
    return `${SWITCH}${name}`;
  };
  return open;
}

async function connectTo(target: string): Promise<RawClient> {
  const client = lane.connect();
  client.write(upgradeTo(target));
  await until('the tunnel', () => /\r\n\r\n[a-z]+$/.test(client.got()), 60_000);
  return client;
}

test('a thousand idle WebSockets are held, stay where they are when a toggle moves new ones, and end with the gateway', async () => {
  const legacy = echo(lane.monolith, 'monolith');
  const extracted = echo(lane.inventory, 'inventory');
  const all: RawClient[] = [];
  // Not more at once than a listener's queue takes.
  while (all.length < MANY)
    all.push(...(await Promise.all(Array.from({ length: 100 }, () => connectTo('/inventory/a')))));
  expect([legacy.size, extracted.size]).toEqual([0, MANY]);

  lane.source.set({ inventory: { reads: { stage: 'legacy' } } });
  const probe = await until('the toggle is in force for new ones', async () => {
    const one = await connectTo('/inventory/a');
    if (one.got().endsWith('monolith')) return one;
    one.socket.destroy();
    return undefined;
  });
  await until('those that came too early are gone', () => extracted.size === MANY);
  expect(legacy.size).toBe(1);

  for (const client of all) client.write('still here');
  await until('each has its echo', () => all.every((client) => client.got().endsWith('inventorystill here')));
  expect(all.some((client) => client.closed())).toBe(false);

  // One that comes back is decided anew.
  all[0]!.socket.destroy();
  await until('it is gone', () => extracted.size === MANY - 1);
  const again = await connectTo('/inventory/a');
  expect(again.got().endsWith('monolith')).toBe(true);

  await lane.gateway.stop();
  await until('both ends of all are closed', () => extracted.size + legacy.size === 0);
  await until('each client knows', () => [...all.slice(1), probe, again].every((client) => client.closed()));
  expect(lane.lines.filter(({ side }) => side !== undefined)).toMatchObject([]);
});
