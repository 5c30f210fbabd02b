import { expect, test } from 'vitest';
import { compileSnapshot, explain, type Stages } from '../../contexts/index.ts';
import { readingsOf } from '../../contexts/readings.ts';
import { configOf } from './sample.ts';

const EXTRACTED = { reads: { stage: 'extracted' }, writes: { stage: 'extracted' } } as const;
const shopIn = (mode: string, routes = ROUTES) => {
  const config = configOf(`
gateway: { targets: ${mode} }
upstreams: { monolith: { url: http://127.0.0.1:1 }, a: { url: http://127.0.0.1:2 }, b: { url: http://127.0.0.1:3 }, c: { url: http://127.0.0.1:4 } }
contexts:
${routes}`);
  const stages: Stages = { generation: 'g', revision: 1, contexts: {} };
  return compileSnapshot(config, {
    ...stages,
    contexts: Object.fromEntries(
      Object.keys(config.contexts).map((name) => [name, { ...EXTRACTED, salt: name }]),
    ),
  });
};
const ROUTES = `
  a: { upstream: a, routes: [GET /a/:id, GET /a/:id/x, 'GET /a/:id/deep/*'] }
  b: { upstream: b, routes: ['GET /b/*', GET /b, GET /x] }
  c: { upstream: c, routes: ['GET /c/a/:id', GET /c/] }
`;

// What servers in use make of a path, each written down for itself and not as the gateway does it.
const decodeOnce = (path: string) =>
  path.replaceAll(/%([0-9a-f]{2})/gi, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );
const dots = (path: string) => {
  const kept: string[] = [];
  for (const part of path.split('/').slice(1)) {
    if (part === '..') kept.pop();
    else if (part !== '.') kept.push(part);
  }
  return `/${kept.join('/')}${/\/\.{1,2}$/.test(path) && kept.length > 0 ? '/' : ''}`;
};
const unreserved = (path: string) =>
  path.replaceAll(/%(?:2e|41|61)/gi, (escape) => decodeURIComponent(escape));
const merge = (path: string) => path.replaceAll(/\/+/g, '/');
const names = (path: string) =>
  path
    .split('/')
    .map((name) => (name === '.' || name === '..' ? name : name.replace(/[. ]+$/, '')))
    .join('/');
const SERVERS: Record<string, (path: string) => string> = {
  nginx: (path) => merge(dots(merge(decodeOnce(path)))),
  'nginx without merge_slashes': (path) => dots(decodeOnce(path)),
  apache: (path) =>
    dots(
      merge(
        path.replaceAll(/%(?!2f)([0-9a-f]{2})/gi, (_, digits: string) =>
          String.fromCharCode(Number.parseInt(digits, 16)),
        ),
      ),
    ),
  tomcat: (path) => dots(merge(decodeOnce(path.replaceAll(/;[^/]*/g, '')).replaceAll('\\', '/'))),
  'tomcat behind a proxy that decodes': (path) =>
    dots(decodeOnce(decodeOnce(path).replaceAll(/;[^/]*/g, ''))),
  iis: (path) => dots(merge(decodeOnce(path).replaceAll('\\', '/'))).toLowerCase(),
  'two that decode': (path) => dots(merge(decodeOnce(decodeOnce(path)))),
  express: (path) => path.toLowerCase().replace(/(.)\/$/, '$1'),
  'express behind a proxy that decodes': (path) =>
    dots(decodeOnce(path))
      .toLowerCase()
      .replace(/(.)\/$/, '$1'),
  browser: (path) => new URL(path, 'http://shop.example').pathname,
  windows: (path) => dots(names(decodeOnce(path).replaceAll('\\', '/'))),
  'a best-fit code page': (path) =>
    dots(
      Buffer.from(decodeOnce(path), 'latin1')
        .toString()
        .replaceAll(/[\uff01-\uff5e]/g, (wide) => String.fromCharCode(wide.charCodeAt(0) - 0xfee0)),
    ),
  php: (path) => dots(decodeOnce(path).replace(/\0[^]*$/, '')),
};

/** Whose a plain path is, written down once more. */
function ownerOf(path: string): string | undefined {
  if (/^\/a\/[^/]+(\/x|\/deep\/[^]*)?$/.test(path)) return 'a';
  if (/^\/(b|x|b\/[^]*)$/.test(path)) return 'b';
  return /^\/c\/(a\/[^/]+)?$/.test(path) ? 'c' : undefined;
}

const PIECES = [
  '/',
  '/',
  '/',
  'a',
  'b',
  'c',
  'x',
  'deep',
  '1',
  'A',
  '..',
  '.',
  '%2e',
  '%2E%2e',
  '%2f',
  '%2F',
  '%252f',
  '%252e%252e',
  '%5c',
  '\\',
  ';',
  ';v=1',
  '%3b',
  '//',
  '%61',
  '%2561',
  '%41',
  '/../',
  '/a/',
  '/b/',
  '/c/',
  '%20',
  '%ef%bc%8f',
  '%EF%BC%8E',
  '%EF%BD%81',
  '~',
  ':',
];

function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

test('what reaches a context’s service is that context’s path to every server, however odd the target was', () => {
  const snapshot = shopIn('report');
  const next = random(7);
  const reached = { a: 0, b: 0, c: 0, monolith: 0, odd: 0 };
  const astray: unknown[] = [];
  for (let turn = 0; turn < 40_000; turn += 1) {
    const starts = ['/a/', '/b/', '/c/', '/'][Math.floor(next() * 4)]!;
    const length = 1 + Math.floor(next() * 6);
    const target =
      starts + Array.from({ length }, () => PIECES[Math.floor(next() * PIECES.length)]!).join('');
    const { upstream, path, context, doubt } = explain(snapshot, { method: 'GET', target });
    reached[upstream as keyof typeof reached] += 1;
    if (upstream === 'monolith') {
      const owners = [ownerOf(dots(unreserved(target))), ownerOf(SERVERS['nginx']!(target))];
      // Byte for byte, and no route's in the plainest readings unless it is doubtful.
      if (path !== target || (!doubt && owners.some((owner) => owner !== undefined)))
        astray.push({ target, path, owners });
      continue;
    }
    if (/%|\\|;|\/\//.test(path)) reached.odd += 1;
    for (const [server, read] of Object.entries(SERVERS)) {
      const seen = read(path);
      const owner = ownerOf(seen);
      // A server that overlooks a slash at the end looks for what is there, and its own path is there.
      const overlooked = server.startsWith('express') && owner === undefined;
      if (context !== upstream || (!overlooked && owner !== upstream))
        astray.push({ target, path, server, seen, owner });
    }
  }
  expect(astray).toEqual([]);
  for (const count of Object.values(reached)) expect(count).toBeGreaterThan(100);
});

test.each([
  ['/a%2Fb', ['/a%2Fb', '/a/b']],
  ['/a/..%2fb', ['/a/..%2Fb', '/b']],
  ['/x/..;/b', ['/x/..;/b', '/b']],
  ['/a\\b', ['/a\\b', '/a/b']],
  ['//h/b', ['//h/b', '/h/b', '/b']],
  ['/%252e%252e/b', ['/%252e%252e/b', '/%2e%2e/b', '/b']],
  ['/%c0%af', ['/%C0%AF', '//', '/']],
  ['/a%u002fb', ['/a%u002fb', '/a/b']],
])('%s is read as %j', (path, readings) => {
  const found = readingsOf(path)!;
  expect(found[0]).toBe(readings[0]);
  expect(found).toEqual(expect.arrayContaining(readings));
});

test('a path of many oddities is doubtful as such, and costs no more than others', () => {
  const target = `/a/${'%252f;x//\\%5c..%2f'.repeat(2_000)}`;
  const began = process.cpuUsage();
  const decision = explain(shopIn('enforce'), { method: 'GET', target });
  expect(process.cpuUsage(began).user).toBeLessThan(1_000_000);
  expect(decision.doubt).toMatchObject({ kind: 'too-many-readings', context: '' });
  expect(decision).toMatchObject({ upstream: '', answer: { status: 400 } });
});

test('in enforce a doubtful target is refused, and one that no reading brings to a context is the monolith’s', () => {
  const snapshot = shopIn('enforce');
  expect(explain(snapshot, { method: 'GET', target: '/a%2f1' })).toMatchObject({
    upstream: '',
    answer: { status: 400 },
  });
  expect(explain(snapshot, { method: 'GET', target: '/q%2f1//;' })).toMatchObject({
    upstream: 'monolith',
    path: '/q%2f1//;',
  });
});

test('a read in one reading and a write in another is doubtful, within one context too', () => {
  const snapshot = shopIn(
    'report',
    `  a: { upstream: a, routes: ['GET /a/*', { match: GET /a/:id/touch, kind: write }] }\n`,
  );
  expect(explain(snapshot, { method: 'GET', target: '/a/1%2Ftouch' }).doubt).toMatchObject({
    kind: 'encoded-slash',
  });
  expect(explain(snapshot, { method: 'GET', target: '/a/1/TOUCH' }).doubt).toMatchObject({ kind: 'case' });
  expect(explain(snapshot, { method: 'GET', target: '/a/1%2Fother' })).toMatchObject({ upstream: 'a' });
});

test('so are readings of which one has another limit', () => {
  const snapshot = shopIn(
    'report',
    `  a: { upstream: a, routes: ['GET /a/*', { match: GET /a/:id, maxBody: 1KiB }] }\n`,
  );
  expect(explain(snapshot, { method: 'GET', target: '/a/1%2F2' }).doubt).toMatchObject({ context: 'a' });
});

test('upper case in a value is looked at more closely where it may be another context’s literal', () => {
  const snapshot = shopIn(
    'report',
    `  a: { upstream: a, routes: [GET /p/:id] }\n  b: { upstream: b, routes: [GET /p/new] }\n`,
  );
  expect(explain(snapshot, { method: 'GET', target: '/p/ABC' })).toMatchObject({ upstream: 'a' });
  expect(explain(snapshot, { method: 'GET', target: '/p/NEW' }).doubt).toMatchObject({ kind: 'case' });
  expect(explain(snapshot, { method: 'GET', target: '/p/new/' }).doubt).toMatchObject({
    kind: 'trailing-slash',
  });
});

test('a rewrite lets no reading loose that its route holds', () => {
  const snapshot = shopIn(
    'report',
    `  a: { upstream: a, routes: [{ match: 'GET /files/:a/*', rewrite: '/store/*' }] }\n`,
  );
  expect(explain(snapshot, { method: 'GET', target: '/files/x/a%2fb' })).toMatchObject({
    upstream: 'a',
    path: '/store/a%2Fb',
  });
  const loose = '/files/x/q/..%2f..%2fy/z';
  expect(explain(snapshot, { method: 'GET', target: loose })).toMatchObject({
    upstream: 'monolith',
    path: loose,
    doubt: { context: 'a' },
  });
});
