import { METHODS } from 'node:http';
import { describe, expect, it, test } from 'vitest';
import { parseConfig } from '../../contexts/index.ts';
import { SHOP } from './sample.ts';

const check = (yaml: string, secrets: Record<string, string> = {}) => {
  const parsed = parseConfig(yaml, (reference) => secrets[reference]);
  return parsed.ok ? [] : parsed.mistakes.map(({ line, path, message }) => `${line} ${path}: ${message}`);
};
/** The mistakes of the shop with one more line, which is line 12. */
const withLine = (line: string) => check(`${SHOP}${line}\n`);
const withRoute = (route: string) => check(SHOP.replace('GET /inventory/:sku', `'${route}'`));
const TOKEN = '0123456789abcdef';

describe('a value that would only break later is a mistake with its line', () => {
  it.each([
    ["gateway: { listen: '127.0.0.1:65536' }", /^12 gateway\.listen: .*a port from 0 to 65535/],
    [
      '    verdict: { steps: [5, 1] }',
      /^12 contexts\.inventory\.verdict\.steps: found a list; required: percentages that rise/,
    ],
    [
      '    verdict: { errorRate: 101 }',
      /^12 contexts\.inventory\.verdict\.errorRate: found 101; required: at most 100/,
    ],
    ['    verdict: { latency: 0.5 }', /^12 contexts\.inventory\.verdict\.latency: .*at least 1/],
    ["gateway: { fleet: ['10.0.0.1'] }", /^12 gateway\.fleet\.0: .*an address such as/],
    ["relay: { ops: '127.0.0.1:99999' }", /^12 relay\.ops: .*a port from 0 to 65535/],
    ["relay: { poll: '0s' }", /^12 relay\.poll: found '0s'; required: a length of time above 0/],
    ["relay: { poll: '25d' }", /^12 relay\.poll: found '25d'; required: at most 24d/],
    ["relay: { lease: '2147483648ms' }", /^12 relay\.lease: .*required: at most 24d/],
    [
      "outbox: { database: 'mysql://u:p@h/d', retention: '0d' }",
      /^12 outbox\.retention: .*a length of time above 0/,
    ],
    [
      "outbox: { database: 'mysql://u:p@h' }",
      /^12 outbox\.database: required: a URL that names its database/,
    ],
    [
      "control: { store: mysql, database: 'mysql://u:p@h/' }",
      /^12 control\.database: required: a URL that names its database/,
    ],
    [
      `control: { tokens: [{ owner: a, token: '${TOKEN} ' }] }`,
      /^12 control\.tokens\.0\.token: required: .*without white space/,
    ],
    [
      `control: { tokens: [{ owner: a, token: ${TOKEN} }, { owner: b, token: ${TOKEN} }] }`,
      /^12 control\.tokens\.1\.token: the same token as that of 'a'/,
    ],
    [
      `control: { tokens: [{ owner: ${'a'.repeat(191)}, token: ${TOKEN} }] }`,
      /^12 control\.tokens\.0\.owner: .*at most 190 characters/,
    ],
    ["gateway: { ops: '127.0.0.1:8080' }", /^12 gateway\.ops: the same address as gateway\.listen/],
    ["gateway: { listen: '0.0.0.0:9101' }", /^12 gateway\.listen: the same address as gateway\.ops/],
    ["control: { admin: '127.0.0.1:9101' }", /^12 control\.admin: the same address as gateway\.ops/],
    ["gateway: { name: 'edge 1' }", /^12 gateway\.name: .*printable characters without spaces/],
  ])('%s', (line, mistake) => {
    expect(withLine(line)).toEqual([expect.stringMatching(mistake)]);
  });

  it.each([
    ['http://user:pass@h:1', 'a URL without user and password: only scheme, host and port'],
    ['http://h:1/#part', 'a URL without a path: only scheme, host and port'],
    ['http://h:1/#', 'a URL without a path: only scheme, host and port'],
  ])('the upstream %s', (url, required) => {
    expect(check(SHOP.replace('http://127.0.0.1:3001', `'${url}'`))).toEqual([
      `4 upstreams.inventory.url: required: ${required}`,
    ]);
  });

  it('an upstream that is given no time', () => {
    expect(check(SHOP.replace('timeout: 2s', 'timeout: 0s'))).toEqual([
      "4 upstreams.inventory.timeout: found '0s'; required: a length of time above 0, or none",
    ]);
  });

  it('a route of a method that no request can have', () => {
    expect(withRoute('FETCH /inventory/:sku')).toEqual([
      "10 contexts.inventory.routes.0.match: found 'FETCH /inventory/:sku'; required: a method of HTTP in capitals, such as GET, or * for any",
    ]);
  });
});

it('ports that are free ones, and a retention of months, are no mistakes', () => {
  expect(withLine("gateway: { listen: '127.0.0.1:0', ops: '127.0.0.1:0' }")).toEqual([]);
  expect(withLine("outbox: { database: 'mysql://u:p@h/d', retention: '90d' }")).toEqual([]);
});

test.each([...METHODS.filter((method) => method !== 'POST' && method !== 'CONNECT'), '*'])(
  'a route may have the method %s',
  (method) => {
    expect(withRoute(`${method} /inventory/:sku`)).toEqual([]);
  },
);

test('a route may not have the method CONNECT, which no request brings to it', () => {
  expect(withRoute('CONNECT /inventory/:sku')).toEqual([
    expect.stringContaining('CONNECT asks for a tunnel, which the gateway refuses'),
  ]);
});

describe('a name that JavaScript uses itself', () => {
  it.each(['constructor', 'prototype'])('%s is a mistake', (name) => {
    expect(check(SHOP.replace('\n  inventory:\n', `\n  ${name}:\n`))).toEqual([
      expect.stringContaining(
        `6 contexts.${name}: the name '${name}' is not possible; required: a name that`,
      ),
    ]);
  });

  it.each([
    ['a context', SHOP.replace('\n  inventory:\n', '\n  __proto__:\n'), '6 contexts.__proto__'],
    [
      'an upstream',
      SHOP.replace('upstreams:', "upstreams:\n  __proto__: { url: 'http://h:1' }"),
      '3 upstreams.__proto__',
    ],
    ['a field', `${SHOP}gateway: { __proto__: 1 }\n`, '12 gateway.__proto__'],
  ])('__proto__ as %s is a mistake, and does not vanish', (_what, yaml, where) => {
    expect(check(yaml)).toContain(`${where}: the name '__proto__' is not possible; rename it`);
  });
});

describe('an alias', () => {
  it('that stands for nothing is a mistake with its line', () => {
    expect(check(`${SHOP}redis: *nowhere\n`)).toEqual([
      '12 : *nowhere stands for nothing; put &nowhere before what it stands for, above it',
    ]);
  });

  it('that stands inside of what it stands for is one too', () => {
    expect(check(`${SHOP}redis: &me [*me]\n`)).toEqual(['12 : *me stands inside of what it stands for']);
  });

  it('that multiplies beyond measure is one too', () => {
    const bomb = 'bcdefghi'
      .split('')
      .map((name, index) => `${name}: &${name} [${`*${'abcdefgh'[index]},`.repeat(9)}]`)
      .join('\n');
    expect(check(`a: &a [x]\n${bomb}\n`)).toEqual([expect.stringContaining('Excessive alias count')]);
  });

  it('that stands for something is filled in', () => {
    expect(check(SHOP.replace('timeout: 2s', 'timeout: &t 2s') + 'relay: { requestTimeout: *t }\n')).toEqual(
      [],
    );
  });
});

it('no message shows what a reference was filled in with', () => {
  const yaml = `
upstreams: { monolith: { url: http://h:1 }, s: { url: http://h:2 } }
monolith: \${X}
contexts:
  a: { upstream: '\${X}', events: ['\${X}', '\${X}'], routes: ['GET /\${X}/:\${X}', { match: 'GET /b', rewrite: '/:\${X}' }, '\${X}'] }
captures: { c: { table: t, key: k, columns: [k], aggregate: a, context: '\${X}' } }
control: { admin: '\${ADMIN}' }
`;
  const mistakes = check(yaml, { X: 'hunter2-', ADMIN: 'hunter2:9102' });
  expect(mistakes.map((text) => text.slice(0, text.indexOf(': ')))).toEqual([
    '3 monolith',
    '5 contexts.a.upstream',
    '5 contexts.a.events.1',
    '5 contexts.a.routes.0',
    '5 contexts.a.routes.1.rewrite',
    '5 contexts.a.routes.2.match',
    '6 captures.c.context',
    '7 control.admin',
  ]);
  expect(mistakes.join('\n')).not.toContain('hunter2');
});

describe('the admin API', () => {
  const tokens = `tokens: [{ owner: a, token: ${TOKEN} }]`;

  it.each(['127.0.0.1:9102', '127.8.9.1:9102', 'localhost:9102', "'[::1]:9102'"])(
    'may listen on %s',
    (admin) => {
      expect(withLine(`control: { admin: ${admin} }`)).toEqual([]);
    },
  );

  it.each(['0.0.0.0:9102', '10.0.0.7:9102', "'[::]:9102'", 'banyan.example:9102', '127.example.com:9102'])(
    'may listen on %s only when that is said and tokens are there',
    (admin) => {
      expect(withLine(`control: { admin: ${admin}, ${tokens} }`)).toEqual([
        expect.stringMatching(/^12 control\.admin: other hosts reach .*say `exposed: true` beside it/),
      ]);
      expect(withLine(`control: { admin: ${admin}, exposed: true }`)).toEqual([
        expect.stringMatching(/^12 control\.exposed: an exposed admin API needs `tokens:`/),
      ]);
      expect(withLine(`control: { admin: ${admin}, exposed: true, ${tokens} }`)).toEqual([]);
    },
  );
});
