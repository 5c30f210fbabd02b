// Preloaded into a relay: `node --import 'stand-ins.ts?rule=1'`. Where the folder without-1 has a module of the same path as
// one of the product, the product gets that one instead. Loads nothing else: what is loaded before can't be replaced.
import { readdirSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';

const rule = new URL(import.meta.url).searchParams.get('rule');
const folder = new URL(`./without-${rule}/`, import.meta.url);
const product = new URL('../../../', import.meta.url).href;
const standIns = new Map(
  readdirSync(fileURLToPath(folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => [product + path, new URL(path, folder).href]),
);

registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context);
    const url = standIns.get(found.url);
    // The stand-in itself builds upon what it replaces.
    return url === undefined || url === context.parentURL ? found : { ...found, url };
  },
});
