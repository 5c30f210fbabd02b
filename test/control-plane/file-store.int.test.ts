import { cp, mkdtemp, readFile, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openFileStore } from '../../control-plane/store/file-store.ts';
import { StoreAway } from '../../control-plane/store/snapshot-store.ts';
import { registerContract } from './register-contract.ts';
import { storeContract } from './store-contract.ts';
import type { Place } from './store-place.ts';

const newFolder = async () => {
  const folder = await mkdtemp(join(tmpdir(), 'banyan-store-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
};

const newPlace = async (): Promise<Place> => {
  const folder = await newFolder();
  return {
    open: (first) => openFileStore({ folder, first }),
    empty: () => rm(folder, { recursive: true }),
    async save() {
      const copy = await newFolder();
      await cp(folder, copy, { recursive: true });
      return {
        async restore() {
          await rm(folder, { recursive: true });
          await cp(copy, folder, { recursive: true });
        },
      };
    },
    async backdate(gateway, by) {
      const file = join(folder, 'gateways', `${gateway}.json`);
      const stored = JSON.parse(await readFile(file, 'utf8')) as { seenAt: number };
      await writeFile(file, JSON.stringify({ ...stored, seenAt: stored.seenAt - by }));
    },
  };
};
storeContract('the file store', newPlace);
registerContract('the file store', newPlace);

const first = { inventory: { reads: { stage: 'legacy' as const }, writes: { stage: 'legacy' as const } } };

it('leaves nothing but whole revisions in its folder', async () => {
  const folder = await newFolder();
  const store = openFileStore({ folder, first });
  onTestFinished(() => store.close());
  await store.read();
  await store.change('inventory', (now) => ({ ...now, reads: { stage: 'extracted' } }), { actor: 'ada' });
  expect(await readdir(join(folder, 'stages'))).toEqual(['000000000001.json', '000000000002.json']);
});

it.each(['{"generation": ', '{}', 'null', '{"generation":"g","revision":1,"contexts":{},"audit":[]}'])(
  'names the file that somebody broke by hand (%s), and changes nothing',
  async (content) => {
    const folder = await newFolder();
    const store = openFileStore({ folder, first });
    onTestFinished(() => store.close());
    await store.read();
    await writeFile(join(folder, 'stages', '000000000002.json'), content);
    const message = expect.stringMatching(
      /000000000002\.json can't be read: .*put its content right, or delete/,
    );
    await expect(store.read()).rejects.toMatchObject({ constructor: StoreAway, message });
    expect(await readdir(join(folder, 'stages'))).toHaveLength(2);
  },
);

it('says which folder it needs when that is a file', async () => {
  const folder = join(await newFolder(), 'taken');
  await writeFile(folder, '');
  const store = openFileStore({ folder, first });
  onTestFinished(() => store.close());
  await expect(store.read()).rejects.toThrow(`the store in ${folder} can't be used`);
});

it('goes on past a report that somebody broke, and names the gateway with the file', async () => {
  const folder = await newFolder();
  const store = openFileStore({ folder, first });
  onTestFinished(() => store.close());
  const { generation, revision } = await store.read();
  const report = { generation, revision, writesInFlight: {} };
  await store.confirm({ gateway: 'gw-1', ...report });
  await store.confirm({ gateway: 'gw-2', ...report });
  for (const broken of ['', '{"gateway": "gw-2"}', '{"gate']) {
    await writeFile(join(folder, 'gateways', 'gw-2.json'), broken);
    expect(await store.gateways()).toMatchObject([
      { gateway: 'gw-1', revision },
      { gateway: 'gw-2', revision: 0, unreadable: expect.stringContaining('gw-2.json is not a report') },
    ]);
    expect(await store.confirm({ gateway: 'gw-1', ...report })).toBe(true);
  }
  // Its own next report puts it right, and so does the operator.
  await store.confirm({ gateway: 'gw-2', ...report });
  expect((await store.gateways())[1]).not.toHaveProperty('unreadable');
  await writeFile(join(folder, 'gateways', 'gw-2.json'), '');
  expect(await store.forget('gw-2')).toBe(true);
  expect(await store.gateways()).toHaveLength(1);
});

it('looks through its folder only when that has changed, so that a poll costs the same after years', async () => {
  const folder = await newFolder();
  const stages = join(folder, 'stages');
  const [store, other] = [openFileStore({ folder, first }), openFileStore({ folder, first })];
  onTestFinished(async () => void (await Promise.all([store.close(), other.close()])));
  // As a day later: after a change of just now the folder is looked through all the same.
  const yesterday = new Date(Date.now() - 86_400_000);
  const age = async () => {
    for (const name of await readdir(stages)) await utimes(join(stages, name), yesterday, yesterday);
    await utimes(stages, yesterday, yesterday);
  };
  const { revision } = await store.read();
  await age();
  await store.read();
  // A file that is there without the folder having changed shows who looks through it.
  await writeFile(join(stages, '000000000099.json'), 'broken');
  await age();
  expect((await store.read()).revision).toBe(revision);
  await expect(other.read()).rejects.toThrow("000000000099.json can't be read");
  await rm(join(stages, '000000000099.json'));

  await other.change('inventory', (now) => ({ ...now, reads: { stage: 'extracted' } }), { actor: 'ada' });
  expect((await store.read()).revision).toBe(revision + 1);
  await age();
  await store.read();
  await rm(join(stages, '000000000002.json'));
  expect((await store.read()).revision).toBe(revision);
});
