// What a decision costs among 10 and among 2,000 routes: `node bench/match.ts [rounds] [--json]`. Both ask for as many
// different targets of the same forms, in rounds that take turns, so that the number of routes is all that differs.
import { METHODS } from 'node:http';
import { pathToFileURL } from 'node:url';
import { compileSnapshot, decide, parseConfig, type Snapshot } from '../contexts/index.ts';

/** Nanoseconds per decision as medians over the rounds, and the median of the rounds' own ratios. */
export interface MatchFigures {
  readonly ratio: number;
  readonly few: { readonly routes: number; readonly nanoseconds: number };
  readonly many: { readonly routes: number; readonly nanoseconds: number };
  /** The ratio of each round, in ascending order. */
  readonly ratios: readonly number[];
}

/** What the resources of a shop have in turn: literals, names and rests at all depths, reads and writes. */
const FORMS = [
  ['GET ', 'POST ', 'GET /:id', 'GET /:id/items/:item', 'GET /export/*'],
  ['GET /search', 'PUT /:id', 'GET /:id/items', 'DELETE /:id/items/:item', '* /admin/:section/*'],
];
const WORDS = 'orders invoices baskets products prices stocks reviews coupons returns parcels'.split(' ');
/** Resources that one context has at most. */
const RESOURCES = 10;
/** Different targets for each number of routes: clients ask for as many things however many routes there are. */
const TARGETS = 2_400;
const FEW = 10;
const MANY = 2_000;

/** Measures both in turns. `decisions` are those of one round and number of routes. */
export async function measureMatch({ rounds = 15, decisions = 600_000 } = {}): Promise<MatchFigures> {
  const sides = [FEW, MANY].map((routes) => ({ ...worldOf(routes), routes, times: [] as number[] }));
  for (let warm = 0; warm < 3; warm += 1) for (const side of sides) timed(side, decisions);
  for (let round = 0; round < rounds; round += 1) {
    // Whoever comes first in a round might be favoured.
    for (const side of round % 2 === 0 ? sides : sides.toReversed()) side.times.push(timed(side, decisions));
    await new Promise((resolve) => setImmediate(resolve));
  }
  const [few, many] = sides as [(typeof sides)[0], (typeof sides)[0]];
  const ratios = many.times.map((time, round) => time / few.times[round]!).toSorted((a, b) => a - b);
  return {
    ratio: median(ratios),
    few: { routes: few.routes, nanoseconds: median(few.times) },
    many: { routes: many.routes, nanoseconds: median(many.times) },
    ratios,
  };
}

interface World {
  readonly snapshot: Snapshot;
  readonly requests: readonly { readonly method: string; readonly target: string }[];
}

/** A snapshot with so many routes, and requests spread evenly over all of them and, one in six, over none. */
function worldOf(routes: number): World {
  const resources = Array.from({ length: routes / FORMS[0]!.length }, (_, index) => ({
    // Names of one length: a longer path costs more however many routes there are.
    prefix: `/${WORDS[index % WORDS.length]}-${10 + Math.floor(index / WORDS.length)}`,
    forms: FORMS[index % FORMS.length]!,
  }));
  // A small shop has a context for each resource, a large one has several in each.
  const together = resources.length < RESOURCES ? 1 : RESOURCES;
  const contexts = Array.from({ length: resources.length / together }, (_, index) =>
    resources.slice(index * together, (index + 1) * together),
  );
  const yaml = contexts.map(
    (own, index) =>
      `  c${index}:\n    upstream: one\n    reads: extracted\n    routes:\n` +
      own
        .flatMap(({ prefix, forms }) => forms.map((form) => `      - '${form.replace(' ', ` ${prefix}`)}'\n`))
        .join(''),
  );
  const parsed = parseConfig(
    `upstreams: { monolith: { url: 'http://127.0.0.1:1' }, one: { url: 'http://127.0.0.1:2' } }\ncontexts:\n${yaml.join('')}`,
    () => undefined,
  );
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.mistakes[0]));
  const snapshot = compileSnapshot(parsed.config, { generation: 'g', revision: 1, contexts: {} });
  const random = mulberry(routes);
  const requests = Array.from({ length: TARGETS }, (_, index) => {
    const { prefix, forms } = resources[index % resources.length]!;
    const form = forms[Math.floor(index / resources.length) % (forms.length + 1)];
    const { method, target } = form === undefined ? missOf(prefix, random) : hitOf(form, prefix, random);
    // As the parser gives them: the target is one flat text, of each method there is only one.
    const [name] = METHODS.filter((known) => known === method) as [string];
    return { method: name, target: Buffer.from(target).toString('latin1') };
  });
  return { snapshot, requests: shuffled(requests, random) };
}

function hitOf(form: string, prefix: string, random: () => number): { method: string; target: string } {
  const [method, path] = form.split(' ') as [string, string];
  const filled = path.replaceAll(/:\w+/g, () => idOf(random)).replace('*', () => `${idOf(random)}/all.csv`);
  return { method: method === '*' ? 'PATCH' : method, target: `${prefix}${filled}?page=${idOf(random)}` };
}

/** What no route matches, though all but its last part may. */
function missOf(prefix: string, random: () => number): { method: string; target: string } {
  const misses = [`/static/${idOf(random)}.css`, `${prefix}/${idOf(random)}/parts`, '/', `${prefix}x/new`];
  return { method: 'GET', target: misses[Math.floor(random() * misses.length)]! };
}

/** Nanoseconds per decision. */
function timed({ snapshot, requests }: World, decisions: number): number {
  let extracted = 0;
  const began = process.threadCpuUsage();
  for (let index = 0; index < decisions; index += 1) {
    if (decide(snapshot, requests[index % TARGETS]!).upstream === 'one') extracted += 1;
  }
  const spent = process.threadCpuUsage(began);
  const nanoseconds = ((spent.user + spent.system) * 1_000) / decisions;
  if (extracted === 0 || extracted === decisions) throw new Error('the requests are not spread');
  return nanoseconds;
}

const idOf = (random: () => number) => Math.floor(random() * 2 ** 40).toString(36);

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map((item) => ({ item, place: random() }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ item }) => item);
}

/** A small generator of random numbers with a seed, so that two runs ask for the same. */
function mulberry(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const json = process.argv.includes('--json');
  const rounds = Number(process.argv.slice(2).find((argument) => /^\d+$/.test(argument)) ?? 15);
  const { ratio, few, many, ratios } = await measureMatch({ rounds });
  if (json)
    process.stdout.write(`${JSON.stringify({ ratios: { match2000over10: ratio }, few, many, rounds })}\n`);
  else
    process.stdout.write(
      `${few.routes} routes: ${few.nanoseconds.toFixed(0)} ns per decision; ${many.routes} routes: ${many.nanoseconds.toFixed(0)} ns\n` +
        `ratio ${ratio.toFixed(2)} (median of ${rounds} rounds, ${ratios[0]!.toFixed(2)} to ${ratios.at(-1)!.toFixed(2)}); required: at most 1.30\n`,
    );
}
