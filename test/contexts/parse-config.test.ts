import { expect, test } from 'vitest';
import { parseConfig } from '../../contexts/index.ts';
import { configOf, SHOP } from './sample.ts';

const mistakesOf = (yaml: string, secrets: Record<string, string> = {}) => {
  const parsed = parseConfig(yaml, (reference) => secrets[reference]);
  return parsed.ok ? [] : parsed.mistakes.map(({ line, path, message }) => `${line} ${path}: ${message}`);
};

const NAME = 'a name of lower-case letters, digits and hyphens, at most 63 characters';

test('all mistakes come at once, each with its line, what was found and what is required', () => {
  const yaml = `upstreams:
  monolith: { url: http://127.0.0.1:3000/path }
  Inventory: { url: http://127.0.0.1:3001 }
  inventory: { url: http://127.0.0.1:3001, timeout: soon, color: red }
monolith: legacy
contexts:
  inventory:
    upstream: inventry
    cohort: { header: "" }
    reads: { canary: 150 }
    writes: canary
    routes:
      - get /inventory/:sku
      - GET /a/*/b
      - { match: GET /b/:sku, rewrite: '/x/:nope' }
      - 42
      - GET /b/:other
      - GET /c?d
    events: [A, A]
  Bad_Name:
    upstream: monolith
    routes: []
control: { store: mysql }
relay: { lease: 4s, requestTimeout: 3s }
captures:
  c: { table: t, key: id, columns: [id], aggregate: a, context: nope }
`;
  const known = 'known upstreams: monolith, Inventory, inventory';
  expect(mistakesOf(yaml)).toEqual([
    '2 upstreams.monolith.url: required: a URL without a path: only scheme, host and port',
    `3 upstreams.Inventory: the name 'Inventory' is not possible; required: ${NAME}`,
    "4 upstreams.inventory: unknown field 'color'; remove or correct it",
    "4 upstreams.inventory.timeout: found 'soon'; required: a length of time such as 250ms, 5s, 10m, 24h or 7d, or none",
    `5 monolith: upstream 'legacy' is not defined; ${known}`,
    `8 contexts.inventory.upstream: upstream 'inventry' is not defined; ${known}`,
    "9 contexts.inventory.cohort.header: found ''; required: at least 1 character",
    '10 contexts.inventory.reads.canary: found 150; required: at most 100',
    "11 contexts.inventory.writes: found 'canary'; required: one of legacy, extracted, retired",
    "13 contexts.inventory.routes.0.match: found 'get /inventory/:sku'; required: a method and a path such as 'GET /inventory/:sku' (method * is any)",
    "14 contexts.inventory.routes.1: route 'GET /a/*/b': * is allowed as the last segment only",
    "15 contexts.inventory.routes.2.rewrite: rewrite '/x/:nope': ':nope' is not a part of the route 'GET /b/:sku'",
    '16 contexts.inventory.routes.3: found 42; required: a text, or a map',
    "17 contexts.inventory.routes.4: route 'GET /b/:other' matches the same requests as 'GET /b/:sku' of context 'inventory' (line 15)",
    "18 contexts.inventory.routes.5: route 'GET /c?d': a route is matched on the path only; leave out ? and #",
    "19 contexts.inventory.events.1: event type 'A' belongs to context 'inventory' already; a type has one context",
    `20 contexts.Bad_Name: the name 'Bad_Name' is not possible; required: ${NAME}`,
    '23 control: store mysql needs `database:`, a URL such as mysql://user:password@host:3306/name',
    '24 relay.requestTimeout: requestTimeout (3s) must be at most half of the lease (4s): a request must not outlive its lease',
    "26 captures.c.context: context 'nope' is not defined; known contexts: inventory, Bad_Name",
  ]);
});

test('a context can’t have the monolith as its service, nor begin in canary without a cohort, nor be without routes', () => {
  const yaml = `upstreams: { monolith: { url: http://h:1 }, s: { url: http://h:2 } }
contexts:
  a: { upstream: monolith, routes: [GET /a], reads: { canary: 5 } }
  b: { upstream: s, routes: [] }
  c: { routes: [GET /c] }
`;
  expect(mistakesOf(yaml)).toEqual([
    "3 contexts.a.upstream: a context's upstream is its extracted service, not the monolith 'monolith'",
    '3 contexts.a.reads: canary needs a cohort (cookie, header, jwt, parameter or address) to be sticky for; add `cohort:`',
    '4 contexts.b.routes: found an empty list; required: at least one route',
    '5 contexts.c.upstream: missing; required: a text',
  ]);
});

test('an empty file says what is missing', () => {
  expect(mistakesOf('')).toEqual([
    '1 upstreams: missing; required: a map',
    "1 monolith: upstream 'monolith' is not defined; known upstreams: none",
  ]);
});

test('no secret is ever shown', () => {
  const yaml = `${SHOP}
outbox: { database: 'postgres://user:hunter2hunter2@h/d' }
control: { tokens: [{ owner: me, token: hunter2 }, { owner: you, token: '\${TOKEN}' }] }
captures: { c: { table: t, key: id, columns: [id], aggregate: a, context: '\${TOKEN}' } }
monolith: \${TOKEN}
redis: http://:hunter2@h
stream: { name: '\${NAME}' }
`;
  const mistakes = mistakesOf(yaml, { TOKEN: 'hunter2', NAME: 'hunter2 hunter2' });
  expect(mistakes).toHaveLength(8);
  expect(mistakes.join('\n')).not.toContain('hunter2');
  expect(mistakes.join('\n')).toContain("stream.name: found '${NAME}'; required: a Kinesis stream name");
});

test('references are filled in, and one that is not set is named once', () => {
  const yaml = `${SHOP}redis: '\${REDIS}'\n`;
  const parsed = parseConfig(yaml, () => 'redis://127.0.0.1:6379');
  expect(parsed.ok && parsed.config.redis).toBe('redis://127.0.0.1:6379');
  expect(mistakesOf(yaml)).toEqual(['12 redis: ${REDIS} is not set; set it, or write the value itself']);
});

test('a secret can’t change the structure of the file', () => {
  const parsed = parseConfig(
    `${SHOP}captures: { c: { table: t, key: '\${T}', columns: [id], aggregate: a } }\n`,
    () => "x'}}\nredis: nothing",
  );
  expect(parsed.ok && parsed.config.captures['c']?.key).toBe("x'}}\nredis: nothing");
});

test('text that is no YAML is named with its line', () => {
  expect(mistakesOf('upstreams:\n  monolith: { url: http://h:1\n')[0]).toMatch(/^\d+ : /);
});

test('defaults are filled in and lengths of time are milliseconds', () => {
  const config = configOf(SHOP);
  expect(config.upstreams['inventory']).toEqual({ url: 'http://127.0.0.1:3001', timeout: 2_000 });
  expect(config.upstreams['monolith']).toEqual({ url: 'http://127.0.0.1:3000' });
  expect(config.contexts['inventory']).toMatchObject({
    routes: [{ match: 'GET /inventory/:sku' }, { match: 'POST /inventory/:sku' }],
    reads: { stage: 'legacy' },
    writes: { stage: 'legacy' },
  });
  expect(config.relay).toMatchObject({ lease: 10_000, requestTimeout: 3_000, poll: 500 });
});
