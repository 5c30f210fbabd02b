import { expect, test } from 'vitest';
import { compileSnapshot, decide } from '../../contexts/index.ts';
import { configOf } from './sample.ts';

const WORDS = 'a b ab ba orders order order-1 order-2 order-11 1-order items x'.split(' ');
const PARTS = [...WORDS, ':one', ':two', ':three'];

/** A small generator of random numbers with a seed. */
function randomOf(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return (state >>> 8) % limit;
  };
}

/** Routes of all depths, some with hundreds of literals beside each other; no two of the same shape. */
function routesOf(random: (limit: number) => number): string[] {
  const routes = new Map<string, string>();
  for (let index = 0; index < 400; index += 1) routes.set(`GET /word-${index}`, `GET /word-${index}`);
  while (routes.size < 1_200) {
    const depth = 1 + random(4);
    const names = [':n0', ':n1', ':n2', ':n3'];
    const parts = Array.from({ length: depth }, (_, at) => {
      const part = PARTS[random(PARTS.length)]!;
      return part.startsWith(':') ? names[at]! : part;
    });
    const method = ['GET', 'POST', '*'][random(3)]!;
    const route = `${method} /${parts.join('/')}`;
    routes.set(route.replaceAll(/:\w+/g, ':'), route);
  }
  return [...routes.values()];
}

interface Known {
  readonly route: string;
  readonly method: string;
  readonly segments: readonly string[];
  /** Lower where it is the more specific, segment by segment from the left. */
  readonly rank: string;
}

function knownOf(route: string): Known {
  const [method, path] = route.split(' ') as [string, string];
  const segments = path.slice(1).split('/');
  const rank = segments.map((segment) => (segment.startsWith(':') ? '1' : '0')).join('');
  return { route, method, segments, rank: `${rank}${method === '*' ? '1' : '0'}` };
}

/** The documented order, looked for the slow way: from the left a literal before a name, then the method before `*`. */
function winner(routes: readonly Known[], method: string, path: string): string | undefined {
  const parts = path.slice(1).split('/');
  let best: Known | undefined;
  for (const known of routes) {
    const { segments, rank } = known;
    if (segments.length !== parts.length || (known.method !== method && known.method !== '*')) continue;
    if (!segments.every((segment, at) => segment === parts[at] || segment.startsWith(':'))) continue;
    if (best === undefined || rank < best.rank) best = known;
  }
  return best?.route;
}

test('among more than a thousand routes the most specific wins, as it would if each were looked at', () => {
  const random = randomOf(3);
  const routes = routesOf(random);
  const yaml = routes.map((route) => `      - '${route}'`).join('\n');
  const config = configOf(
    `upstreams: { monolith: { url: 'http://127.0.0.1:1' }, one: { url: 'http://127.0.0.1:2' } }\ncontexts:\n  all:\n    upstream: one\n    routes:\n${yaml}\n`,
  );
  const snapshot = compileSnapshot(config, { generation: 'g', revision: 1, contexts: {} });
  const known = routes.map(knownOf);
  let matched = 0;
  for (let turn = 0; turn < 2_000; turn += 1) {
    const numbered = random(4) === 0;
    const length = numbered ? 1 : 1 + random(4);
    const path = Array.from(
      { length },
      () => `/${numbered ? `word-${random(450)}` : WORDS[random(WORDS.length)]}`,
    ).join('');
    const method = ['GET', 'POST', 'PUT'][random(3)]!;
    const { route } = decide(snapshot, { method, target: `${path}?a=1` });
    expect({ method, path, route }).toEqual({ method, path, route: winner(known, method, path) });
    if (route !== undefined) matched += 1;
  }
  expect(matched).toBeGreaterThan(500);
});

test('requests that differ in nothing that counts share one decision, which nobody can change', () => {
  const config = configOf(
    `upstreams: { monolith: { url: 'http://127.0.0.1:1' }, one: { url: 'http://127.0.0.1:2' } }\n` +
      `contexts: { all: { upstream: one, reads: extracted, routes: ['GET /a/:id'] } }\n`,
  );
  const snapshot = compileSnapshot(config, { generation: 'g', revision: 1, contexts: {} });
  const decision = decide(snapshot, { method: 'GET', target: '/a/1?x' });
  expect(decision).toMatchObject({ upstream: 'one', route: 'GET /a/:id' });
  expect(decide(snapshot, { method: 'HEAD', target: '/a/2' })).toBe(decision);
  expect(Object.isFrozen(decision)).toBe(true);
  const other = decide(snapshot, { method: 'GET', target: '/b' });
  expect(other).toMatchObject({ upstream: 'monolith' });
  expect(decide(snapshot, { method: 'POST', target: '/c' })).toBe(other);
});
