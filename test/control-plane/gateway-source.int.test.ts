import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { gatewaySource } from '../../control-plane/index.ts';
import { openFileStore } from '../../control-plane/store/file-store.ts';

const legacy = { reads: { stage: 'legacy' }, writes: { stage: 'legacy' } } as const;

/** A register, and processes that report to it as gateways. */
async function openRegister() {
  const folder = await mkdtemp(join(tmpdir(), 'banyan-register-'));
  const store = openFileStore({ folder, first: { inventory: legacy } });
  onTestFinished(async () => {
    await store.close();
    await rm(folder, { recursive: true, force: true });
  });
  const { generation, revision } = await store.read();
  const start = async (name: string, host?: string, port = 8080) => {
    const listed: string[] = [];
    const gateway = gatewaySource({ store, name, onListed: (found) => listed.push(found) });
    const report = (at = revision) =>
      gateway.source.confirm({ gateway: name, generation, revision: at, writesInFlight: {} });
    if (host !== undefined) gateway.listensAt(host, port);
    await report();
    return { ...gateway, listed, report };
  };
  const names = async () => (await store.gateways()).map(({ gateway }) => gateway);
  return { store, revision, start, names };
}

it('registers nothing before the gateway listens, and then what it held back', async () => {
  const { store, start, names } = await openRegister();
  const gateway = await start('gw');
  expect(await names()).toEqual([]);
  const heard = new Promise<void>((resolve) => store.onConfirmation(resolve));
  gateway.listensAt('a', 8080);
  await heard;
  expect(await names()).toEqual(['gw']);
});

it('tells gateways of one name apart, so that the confirmation of one never stands for another', async () => {
  const { store, revision, start, names } = await openRegister();
  const one = await start('gw', 'a');
  const two = await start('gw', 'b');
  const three = await start('gw', 'b', 8081);
  expect([one, two, three].map(({ listed }) => listed)).toEqual([['gw'], ['gw~2'], ['gw~3']]);
  await store.change('inventory', () => ({ ...legacy, reads: { stage: 'extracted' } }), { actor: 'ada' });
  await two.report(revision + 1);
  expect(await store.gateways()).toMatchObject([
    { gateway: 'gw', revision },
    { gateway: 'gw~2', revision: revision + 1 },
    { gateway: 'gw~3', revision },
  ]);
  await two.leave();
  expect(await names()).toEqual(['gw', 'gw~3']);
});

it('takes over the name of an earlier process on the same host and port, which is gone, and of no other', async () => {
  const { start, names } = await openRegister();
  await start('gw', 'a');
  expect((await start('gw', 'a')).listed).toEqual(['gw']);
  expect((await start('gw', 'a', 8081)).listed).toEqual(['gw~2']);
  expect((await start('gw', 'a', 8081)).listed).toEqual(['gw~2']);
  expect(await names()).toEqual(['gw', 'gw~2']);
});

it('tells two that call their host and port the same apart as soon as both are seen to live', async () => {
  const { start, names } = await openRegister();
  const one = await start('gw', 'localhost');
  const two = await start('gw', 'localhost');
  for (let turn = 0; turn < 3; turn++) {
    await one.report();
    await two.report();
  }
  expect([one.listed, two.listed]).toEqual([['gw', 'gw~2'], ['gw']]);
  expect(await names()).toEqual(['gw', 'gw~2']);
});

it('is named again when it was forgotten and lives', async () => {
  const { store, start, names } = await openRegister();
  const gateway = await start('gw', 'a');
  await store.forget('gw');
  await gateway.report();
  expect(await names()).toEqual(['gw']);
});

it('reports no more once it has left, and takes no other instance off', async () => {
  const { start, names } = await openRegister();
  const earlier = await start('gw', 'a');
  const later = await start('gw', 'a');
  await earlier.leave();
  expect(await names()).toEqual(['gw']);
  await later.leave();
  await later.report();
  expect(await names()).toEqual([]);
});

it('keeps every name within 64 characters', async () => {
  const { start, names } = await openRegister();
  const name = 'g'.repeat(64);
  await start(name, 'a');
  await start(name, 'b');
  expect(await names()).toEqual([name, `${'g'.repeat(62)}~2`]);
});

it('audits a kill under the name that the gateway is registered by', async () => {
  const { store, start } = await openRegister();
  await start('gw', 'a');
  const two = await start('gw', 'b');
  await two.source.recordKill!({
    ...{ id: '1', action: 'kill', gateway: 'gw', context: 'inventory', at: '2026-11-28T03:00:00.000Z' },
    ...{ by: 'ada', reason: null, consent: null },
  });
  expect(await store.audit({ limit: 1 })).toMatchObject([{ action: 'kill', kill: { gateway: 'gw~2' } }]);
});
