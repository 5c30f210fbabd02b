import { expect, it, test } from 'vitest';
import { stringify } from 'yaml';
import { parseConfig, publicKeys, readIdentityKey, type IdentityKey } from '../../contexts/index.ts';
import { identityKey } from '../gateway/identity/keys.ts';

const key = identityKey('first');

/** The mistakes of a shop with these fields, each as `line path: message`. */
function mistakesOf(identity: object | undefined, context: unknown = {}): string[] {
  const text = stringify({
    gateway: identity === undefined ? {} : { identity },
    upstreams: { monolith: { url: 'http://127.0.0.1:1' }, inventory: { url: 'http://127.0.0.1:2' } },
    contexts: { inventory: { upstream: 'inventory', routes: ['GET /i'], identity: context } },
  });
  const parsed = parseConfig(text, (name) => (name === 'KEY' ? key : undefined));
  return parsed.ok ? [] : parsed.mistakes.map(({ path, message }) => `${path}: ${message}`);
}

const good = { path: '/whoami', cookies: ['sid'], keys: ['${KEY}'] };

test('identity has defaults that are safe, and keys that are kept as what they are', () => {
  const text = stringify({
    gateway: { identity: good },
    upstreams: { monolith: { url: 'http://127.0.0.1:1' }, inventory: { url: 'http://127.0.0.1:2' } },
    contexts: { inventory: { upstream: 'inventory', routes: ['GET /i'], identity: {} } },
  });
  const parsed = parseConfig(text, () => key);
  expect(parsed).toMatchObject({
    ok: true,
    config: {
      gateway: {
        identity: { cache: 5_000, timeout: 1_000, lifetime: 30_000, issuer: 'banyan', authorization: false },
      },
      contexts: { inventory: { identity: { claims: [], nobody: 'anonymous' } } },
    },
  });
});

it.each([
  [
    { ...good, cache: '6s' },
    "gateway.identity.cache: found '6s'; required: at most 5s: so long another gateway may not see a log-out",
  ],
  [{ ...good, lifetime: '2m' }, "gateway.identity.lifetime: found '2m'; required: from 5s to 60s"],
  [
    { ...good, path: 'whoami' },
    "gateway.identity.path: found 'whoami'; required: a path of this site such as /banyan/identity, in printable ASCII",
  ],
  [
    { ...good, path: '//other.example/' },
    "gateway.identity.path: found '//other.example/'; required: a path of this site such as /banyan/identity, in printable ASCII",
  ],
  [
    { ...good, cookies: [] },
    'gateway.identity: the monolith knows nobody without what clients log in with: name its session’s `cookies:`',
  ],
  [{ ...good, keys: [] }, 'gateway.identity.keys: required: at least one key'],
  [
    { ...good, keys: ['${KEY}', '${KEY}'] },
    'gateway.identity.keys.1: the same `kid` as that of key 1; each key needs one of its own',
  ],
  [
    { ...good, changedBy: ['/logout'] },
    "gateway.identity.changedBy.0: found '/logout'; required: a method and a path such as 'POST /logout'",
  ],
  [
    { ...good, changedBy: ['POST /a//b'] },
    "gateway.identity.changedBy.0: route 'POST /a//b': no request matches this path: it has an empty segment (//)",
  ],
])('names the mistake in %j', (identity, mistake) => {
  expect(mistakesOf(identity)).toEqual([mistake]);
});

it.each([
  ['no key', 'it is no JSON'],
  ['null', 'it is no JSON object'],
  [JSON.stringify({ ...JSON.parse(key), kid: undefined }), 'it has no `kid`'],
  [
    JSON.stringify({ ...JSON.parse(key), d: undefined }),
    'it is a public key: its private part `d` is missing',
  ],
  [
    JSON.stringify({ ...JSON.parse(key), d: JSON.parse(identityKey('x')).d }),
    'its parts are damaged, or not of one key',
  ],
  [JSON.stringify({ ...JSON.parse(key), alg: 'RS256' }), 'its `alg` is not ES256'],
  ['{"kty":"oct","k":"c2VjcmV0","kid":"a"}', 'it is none of the curve P-256 or Ed25519'],
])('says what is wrong with a key, and nothing of what is in it: %#', (text, mistake) => {
  const secret = (JSON.parse(key) as { d: string }).d;
  const [found = ''] = mistakesOf({ ...good, keys: [text] });
  expect(found).toContain(mistake);
  expect(found).not.toContain(secret);
});

it.each([
  [{ claims: ['sub'] }, 'contexts.inventory.identity.claims.0'],
  [{ nobody: 'ignore' }, 'contexts.inventory.identity.nobody'],
  [{ nobody: { redirect: 'login' } }, 'contexts.inventory.identity.nobody.redirect'],
  [{ nobody: { redirect: '//evil.example/' } }, 'contexts.inventory.identity.nobody.redirect'],
])('names the mistake in the context’s %j', (context, path) => {
  const found = mistakesOf(good, context);
  expect(found).toHaveLength(1);
  expect(found[0]).toContain(path);
});

test('a context that is to be told needs somebody who is asked', () => {
  expect(mistakesOf(undefined)).toEqual([
    'contexts.inventory.identity: nobody says how to find out who is calling; add `gateway.identity` with the monolith’s `path:`, `cookies:` and `keys:`',
  ]);
});

test('what is published has no private part', () => {
  const keys = [identityKey('one'), identityKey('two', 'Ed25519')].map(readIdentityKey) as IdentityKey[];
  const published = publicKeys(keys);
  expect(published.keys).toMatchObject([
    { kid: 'one', alg: 'ES256', kty: 'EC', crv: 'P-256', use: 'sig' },
    { kid: 'two', alg: 'EdDSA', kty: 'OKP', crv: 'Ed25519', use: 'sig' },
  ]);
  for (const { jwk } of keys) expect(JSON.stringify(published)).not.toContain(jwk['d']);
});
