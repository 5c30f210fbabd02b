import { cp, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openFileStore } from '../../control-plane/store/file-store.ts';
import { StoreAway } from '../../control-plane/store/snapshot-store.ts';
import { storeContract } from './store-contract.ts';

const newFolder = async () => {
  const folder = await mkdtemp(join(tmpdir(), 'banyan-store-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
};

storeContract('the file store', async () => {
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
  };
});

const first = { inventory: { reads: { stage: 'legacy' as const }, writes: { stage: 'legacy' as const } } };

it('leaves nothing but whole revisions in its folder', async () => {
  const folder = await newFolder();
  const store = openFileStore({ folder, first });
  onTestFinished(() => store.close());
  await store.read();
  await store.change('inventory', (now) => ({ ...now, reads: { stage: 'extracted' } }), { actor: 'ada' });
  expect(await readdir(join(folder, 'stages'))).toEqual(['000000000001.json', '000000000002.json']);
});

it('names the file that somebody broke by hand, and changes nothing', async () => {
  const folder = await newFolder();
  const store = openFileStore({ folder, first });
  onTestFinished(() => store.close());
  await store.read();
  await writeFile(join(folder, 'stages', '000000000002.json'), '{"generation": ');
  const broken = expect.stringContaining('000000000002.json is not JSON');
  await expect(store.read()).rejects.toMatchObject({ constructor: StoreAway, message: broken });
});

it('says which folder it needs when that is a file', async () => {
  const folder = join(await newFolder(), 'taken');
  await writeFile(folder, '');
  const store = openFileStore({ folder, first });
  onTestFinished(() => store.close());
  await expect(store.read()).rejects.toThrow(`the store in ${folder} can't be used`);
});
