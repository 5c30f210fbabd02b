import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { loadRegistry } from '../../../outbox/registry/load-registry.ts';

const folder = mkdtempSync(join(tmpdir(), 'banyan-registry-'));
afterAll(() => rmSync(folder, { recursive: true }));

const written = (name: string, text: string) => writeFileSync(join(folder, name), text);
const schema = `{ '~standard': { version: 1, vendor: 'own', validate: (value) => ({ value }) } }`;

test('the module is found beside banyan.yaml; none named is no registry', async () => {
  written(
    'events.mjs',
    `export default { events: { A: { aggregate: 'a', versions: { 1: { schema: ${schema} } } } } };`,
  );
  expect(Object.keys((await loadRegistry('./events.mjs', folder))!.events)).toEqual(['A']);
  expect(await loadRegistry(undefined, folder)).toBeUndefined();
});

test('what is no registry is refused with the file and all mistakes', async () => {
  written('bad.mjs', `export default { events: { A: {}, B: {} } };`);
  await expect(loadRegistry('bad.mjs', folder)).rejects.toThrow(
    /bad\.mjs.*4 mistakes[^]*events\.A\.aggregate[^]*events\.B\.versions/,
  );
  written('none.mjs', 'export const events = {};');
  await expect(loadRegistry('none.mjs', folder)).rejects.toThrow(/no default export; required/);
  await expect(loadRegistry('gone.mjs', folder)).rejects.toThrow(/gone\.mjs can't be loaded/);
});
