import { glob, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const readsEnvironment =
  /\benv\b[^;]*=\s*process\b|process\s*(\.|\?\.)\s*env\b|process\[['"`]env|\benv\b[^;]*from\s+['"](node:)?process['"]/;
const notOurs = /^(node_modules|dist|outbox\/npm\/(esm|cjs)|control-plane\/store\/prisma-client)(\/|$)/;
const processesStartHere = /^(cli|demo|test|bench|infra)\/|^[^/]*\.config\.ts$/;

test('a part is told its settings; it reads no environment variables itself', async () => {
  const readers: string[] = [];
  let looked = 0;
  for await (const file of glob('**/*.ts', { cwd: root, exclude: (path) => notOurs.test(path) })) {
    if (processesStartHere.test(file)) continue;
    looked += 1;
    if (readsEnvironment.test(await readFile(`${root}/${file}`, 'utf8'))) readers.push(file);
  }
  expect(looked).toBeGreaterThan(15);
  expect(readers).toEqual([]);
});

test.each([
  'const url = process.env.URL;',
  "const url = process.env['URL'];",
  "const { env } = process['env'];",
  "import { env } from 'node:process';",
  'const { env } = process;',
])('the scan sees %s', (text) => {
  expect(readsEnvironment.test(text)).toBe(true);
});
