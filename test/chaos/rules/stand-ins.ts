// Preloaded into a relay: `node --import 'stand-ins.ts?rule=1'`. Where the folder without-1 has a module of the same path as
// one of the product, the product gets that one instead. Loads nothing of the product: what is loaded before can't be replaced.
import { registerHooks } from 'node:module';
import { loaded, standInsOf } from './stand-ins-of.ts';

const rule = Number(new URL(import.meta.url).searchParams.get('rule'));
const folder = new URL(`./without-${rule}/`, import.meta.url);
const product = new URL('../../../', import.meta.url).href;
const standIns = new Map(standInsOf(rule).map((path) => [product + path, path]));

registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context);
    const path = standIns.get(found.url);
    if (path === undefined) return found;
    const { href } = new URL(path, folder);
    // The stand-in itself builds upon what it replaces.
    if (href === context.parentURL) return found;
    process.stdout.write(loaded(path));
    return { ...found, url: href };
  },
});
