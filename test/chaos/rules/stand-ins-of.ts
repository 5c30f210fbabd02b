import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What to preload into a relay that is to go without the rule. */
export const preloadWithout = (rule: number): string =>
  new URL(`./stand-ins.ts?rule=${rule}`, import.meta.url).href;

/** The modules of the product that others stand in for then, by their paths. */
export const standInsOf = (rule: number): string[] =>
  readdirSync(fileURLToPath(new URL(`./without-${rule}/`, import.meta.url)), {
    recursive: true,
    encoding: 'utf8',
  })
    .filter((path) => path.endsWith('.ts'))
    .toSorted();

/** As the relay tells it when it loads one in the product's place. */
export const loaded = (path: string): string => `without its rule: ${path}\n`;
