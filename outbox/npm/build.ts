// Builds the package `@banyan/outbox`: the same sources as ES modules and as CommonJS, each with its own types.
import { execFileSync } from 'node:child_process';
import { copyFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc');

for (const [kind, project, type] of [
  ['esm', 'tsconfig.json', 'module'],
  ['cjs', 'tsconfig.cjs.json', 'commonjs'],
] as const) {
  const folder = join(here, kind);
  rmSync(folder, { recursive: true, force: true });
  execFileSync(process.execPath, [tsc, '-p', join(here, project), '--outDir', folder], { stdio: 'inherit' });
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify({ type })}\n`);
}
copyFileSync(join(here, '../../LICENSE'), join(here, 'LICENSE'));
