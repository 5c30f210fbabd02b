import { expect, test } from 'vitest';
import { decide, parseConfig } from '../../contexts/index.ts';
import { SHOP, shopAt } from './sample.ts';

const RETIRED = { reads: { stage: 'retired' }, writes: { stage: 'retired' } } as const;
const shop = (retired: string) => `${SHOP}    retired: { ${retired} }\n`;
const answerOf = (retired: string, method: string, target: string) =>
  decide(shopAt(RETIRED, shop(retired)), { method, target }).answer;
const mistakesOf = (retired: string, yaml = shop(retired)) => {
  const parsed = parseConfig(yaml, () => undefined);
  return parsed.ok ? [] : parsed.mistakes.map(({ path, message }) => `${path}: ${message}`);
};

test.each([
  ['https://new.example/stock', '/inventory/abc', 'https://new.example/stock'],
  ['https://new.example/stock', '/inventory/abc?q=1&r', 'https://new.example/stock?q=1&r'],
  ['https://new.example/stock?from=old', '/inventory/abc?q=1', 'https://new.example/stock?from=old'],
  ['/stock/:sku', '/inventory/abc?q=1', '/stock/abc?q=1'],
  ['/stock/:sku#top', '/inventory/a%20b', '/stock/a%20b#top'],
  ['https://new.example:8443/*', '/inventory/abc?q=1', 'https://new.example:8443/inventory/abc?q=1'],
  ['/old/*', '/x/../inventory/%61bc', '/old/inventory/abc'],
])('a redirect to %s brings %s to %s', (redirect, target, location) => {
  expect(answerOf(`redirect: '${redirect}'`, 'GET', target)).toEqual({
    status: 308,
    fields: { 'cache-control': 'no-store', location },
  });
});

test('raw bytes of the query are escaped one by one, so that the field is a URI', () => {
  expect(answerOf("redirect: '/stock/:sku'", 'GET', '/inventory/a?q=\xc3\xa9')?.fields['location']).toBe(
    '/stock/a?q=%C3%A9',
  );
});

test('a write is redirected only where the client must repeat it as it is', () => {
  const statusOf = (status: number, method: string) =>
    answerOf(`redirect: '/stock/:sku', status: ${status}`, method, '/inventory/abc')?.status;
  expect([301, 302, 307, 308].map((status) => statusOf(status, 'GET'))).toEqual([301, 302, 307, 308]);
  expect([301, 302, 307, 308].map((status) => statusOf(status, 'POST'))).toEqual([410, 410, 307, 308]);
});

test('the reason names the redirect and nothing that the client sent', () => {
  const snapshot = shopAt(RETIRED, shop("redirect: '/stock/:sku'"));
  const { reason } = decide(snapshot, { method: 'GET', target: '/inventory/abc?token=secret' });
  expect(reason).toBe('reads retired → redirect 308');
});

const REQUIRED = 'required is a path of this site, or an http or https URL with a path, in printable ASCII';

test.each([
  ['stock', REQUIRED],
  ['//evil.example/', REQUIRED],
  ['ftp://new.example/', REQUIRED],
  ['https://new.example', REQUIRED],
  ['https://user@new.example/', REQUIRED],
  ['https://new.example:99999/', REQUIRED],
  ['https://new\\example/', REQUIRED],
  ['/stöck', REQUIRED],
  ['/a/*/b', '* is allowed as the last segment only'],
  ['/stock/:id', "route 'GET /inventory/:sku' has no ':id'"],
  ['/*', 'leads each request back to itself; name another path or host'],
  ['/inventory/gone', "leads back into the context, to route 'GET /inventory/:sku'"],
  ['/inventory/:sku', "leads back into the context, to route 'GET /inventory/:sku'"],
])('a redirect to %s is a mistake', (redirect, mistake) => {
  const [found] = mistakesOf(`redirect: '${redirect}'`);
  expect(found).toContain(`contexts.inventory.retired.redirect: redirect '${redirect}'`);
  expect(found).toContain(mistake);
});

test.each(['/inventory/of/:sku', '/gone', '/inventory', 'https://new.example/inventory/:sku'])(
  'a redirect to %s is none',
  (redirect) => {
    expect(mistakesOf(`redirect: '${redirect}'`)).toEqual([]);
  },
);

test('a status that is no redirect is a mistake', () => {
  expect(mistakesOf("redirect: '/gone', status: 303")).toEqual([
    'contexts.inventory.retired.status: found 303; required: one of 301, 302, 307, 308',
  ]);
});
