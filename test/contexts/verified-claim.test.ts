import { createHmac, generateKeyPairSync, sign, type KeyObject, type SignKeyObjectInput } from 'node:crypto';
import { expect, test } from 'vitest';
import { decide, parseConfig } from '../../contexts/index.ts';
import { publicKeyIn, secretIn, verifiedClaim } from '../../contexts/jwt-claim.ts';
import { SHOP, shopAt } from './sample.ts';

const NOW = Date.parse('2026-11-28T06:00:00Z');
const SECONDS = NOW / 1_000;
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const ed = generateKeyPairSync('ed25519');
const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const pemOf = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' }) as string;

interface Signing {
  readonly key?: KeyObject;
  readonly digest?: string | null;
  readonly how?: Omit<SignKeyObjectInput, 'key'>;
  readonly head?: object;
}
const IEEE = { dsaEncoding: 'ieee-p1363' } as const;
function tokenOf(claims: object, { key = ec.privateKey, digest = 'sha256', how = IEEE, head }: Signing = {}) {
  const text = `${part({ alg: 'ES256', ...head })}.${part(claims)}`;
  return `${text}.${sign(digest, Buffer.from(text), { key, ...how }).toString('base64url')}`;
}
const claimIn = (token: string, key: KeyObject = ec.publicKey) => verifiedClaim(token, 'sub', key, NOW);

test.each([
  ['ES256', ec, 'sha256', IEEE],
  ['EdDSA', ed, null, {}],
  ['RS256', rsa, 'sha256', { padding: 1 }],
  ['PS512', rsa, 'sha512', { padding: 6, saltLength: 64 }],
] as const)(
  'a token that the key has signed with %s is believed',
  (alg, { privateKey, publicKey }, digest, how) => {
    const token = tokenOf({ sub: 'ada' }, { key: privateKey, digest, how, head: { alg } });
    const key = publicKeyIn(pemOf(publicKey))!;
    expect(claimIn(token, key)).toBe('ada');
    expect(claimIn(`Bearer ${token}`, key)).toBe('ada');
  },
);

const good = tokenOf({ sub: 'ada' });
const [head, , signature] = good.split('.');
test.each([
  [
    'of another key',
    tokenOf({ sub: 'ada' }, { key: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey }),
  ],
  ['whose claims were changed', `${head}.${part({ sub: 'bob' })}.${signature}`],
  ['without a signature', `${head}.${part({ sub: 'ada' })}.`],
  ['of the algorithm none', `${part({ alg: 'none' })}.${part({ sub: 'ada' })}.${signature}`],
  ['of an algorithm that is not the key’s', tokenOf({ sub: 'ada' }, { head: { alg: 'RS256' } })],
  ['with a secret’s algorithm', tokenOf({ sub: 'ada' }, { head: { alg: 'HS256' } })],
  ['with something critical', tokenOf({ sub: 'ada' }, { head: { crit: ['b64'], b64: false } })],
  ['that is over', tokenOf({ sub: 'ada', exp: SECONDS - 61 })],
  ['that has not begun', tokenOf({ sub: 'ada', nbf: SECONDS + 61 })],
  ['whose end is no time', tokenOf({ sub: 'ada', exp: 'never' })],
  ['that is none', 'Bearer x'],
])('a token %s names nobody', (_what, token) => {
  expect(claimIn(token)).toBeUndefined();
});

test('clocks may be a minute apart', () => {
  expect(claimIn(tokenOf({ sub: 'ada', exp: SECONDS - 59, nbf: SECONDS + 59 }))).toBe('ada');
});

const yaml = SHOP.replace(
  '{ cookie: sid }',
  `{ jwt: { claim: sub, publicKey: ${JSON.stringify(pemOf(ec.publicKey))} } }`,
);

test('a list may rest on a verified claim, and a token that isn’t is the monolith’s', () => {
  const reads = { stage: 'canary', percent: 100, include: ['ada'], exclude: ['bob'] } as const;
  const snapshot = shopAt({ reads }, yaml);
  expect(snapshot.asksTime).toBe(true);
  const reasonOf = (token: string, now?: number) =>
    decide(snapshot, {
      ...{ method: 'GET', target: '/inventory/a', now },
      headers: { authorization: `Bearer ${token}` },
    }).reason;
  expect(reasonOf(good, NOW)).toBe('reads canary 100 %: cohort is included → extracted');
  expect(reasonOf(tokenOf({ sub: 'bob' }), NOW)).toBe('reads canary 100 %: cohort is excluded → monolith');
  const missing =
    'reads canary 100 %: no cohort (verified claim sub of the JWT in header authorization missing) → monolith';
  expect(reasonOf(`${head}.${part({ sub: 'ada' })}x.${signature}`, NOW)).toBe(missing);
  expect(reasonOf(good)).toBe(missing);
});

test.each([
  ['a private key', ec.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string],
  ['a key that signs nothing', pemOf(generateKeyPairSync('x25519').publicKey)],
  ['a curve of no JWT', pemOf(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey)],
  ['a secret', 'k'.repeat(32)],
])('%s as publicKey is a mistake, and isn’t shown', (_what, key) => {
  const secrets = () => key;
  const parsed = parseConfig(SHOP.replace('{ cookie: sid }', "{ jwt: { publicKey: '${KEY}' } }"), secrets);
  expect(parsed.ok ? [] : parsed.mistakes.map(({ path, message }) => `${path}: ${message}`)).toEqual([
    "contexts.inventory.cohort.jwt.publicKey: found '${KEY}'; required: a public key or certificate in PEM: RSA, EC or Ed25519",
  ]);
  expect(parseConfig(`${yaml}    reads: { canary: 1, include: [ada] }\n`, secrets).ok).toBe(true);
});

const SECRET = 'a secret of the monolith, for its tokens';
const macOf = (secret: string, alg = 'HS256', digest = 'sha256', claims: object = { sub: 'ada' }) => {
  const text = `${part({ alg })}.${part(claims)}`;
  return `${text}.${createHmac(digest, secret).update(text).digest('base64url')}`;
};

test('a token that the secret has signed with HS256 is believed, while its time runs', () => {
  const key = secretIn(SECRET)!;
  expect(claimIn(macOf(SECRET), key)).toBe('ada');
  expect(claimIn(macOf(SECRET, 'HS256', 'sha256', { sub: 'ada', exp: SECONDS - 61 }), key)).toBeUndefined();
});

const signed = macOf(SECRET);
test.each([
  ['of the algorithm none', `${part({ alg: 'none' })}.${part({ sub: 'ada' })}.${signed.split('.')[2]}`],
  ['of the algorithm none, unsigned', `${part({ alg: 'none' })}.${part({ sub: 'ada' })}.`],
  ['of another secret', macOf(`${SECRET}!`)],
  ['of a longer digest', macOf(SECRET, 'HS512', 'sha512')],
  ['that says a longer digest', macOf(SECRET, 'HS512')],
  ['whose claims were changed', signed.replace(/\.[^.]+\./, `.${part({ sub: 'bob' })}.`)],
  ['whose signature is cut', signed.slice(0, -4)],
  ['that a private key has signed', tokenOf({ sub: 'ada' }, { head: { alg: 'RS256' } })],
])('beside a secret a token %s names nobody', (_what, token) => {
  expect(claimIn(token, secretIn(SECRET)!)).toBeUndefined();
});

test('whoever has a public key can sign nothing with it', () => {
  const pem = pemOf(rsa.publicKey);
  expect(claimIn(macOf(pem), publicKeyIn(pem)!)).toBeUndefined();
  expect(secretIn(pem)).toBeUndefined();
});

const parseJwt = (jwt: string, secret = SECRET, more = '') =>
  parseConfig(`${SHOP.replace('{ cookie: sid }', `{ jwt: ${jwt} }`)}${more}`, () => secret);
const mistakesOf = (parsed: ReturnType<typeof parseConfig>) =>
  parsed.ok ? [] : parsed.mistakes.map(({ path, message }) => `${path}: ${message}`);

test('a list may rest on a claim that a secret verifies', () => {
  const jwt = "{ cookie: token, secret: '${JWT_SECRET}' }";
  expect(parseJwt(jwt, SECRET, '    reads: { canary: 1, include: [ada] }\n').ok).toBe(true);
  const reads = { stage: 'canary', percent: 0.1, include: ['ada'] } as const;
  const snapshot = shopAt(
    { reads },
    SHOP.replace('{ cookie: sid }', `{ jwt: { cookie: token, secret: '${SECRET}' } }`),
  );
  const reasonOf = (token: string) =>
    decide(snapshot, {
      ...{ method: 'GET', target: '/inventory/a', now: NOW },
      headers: { cookie: `token=${token}` },
    }).reason;
  expect(reasonOf(signed)).toBe('reads canary 0.1 %: cohort is included → extracted');
  expect(reasonOf(macOf('x'.repeat(32)))).toContain(
    'no cohort (verified claim sub of the JWT in cookie token missing)',
  );
});

test.each([
  ['a short secret', 'k'.repeat(31)],
  ['a public key', pemOf(rsa.publicKey)],
])('%s as secret is a mistake, and isn’t shown', (_what, secret) => {
  expect(mistakesOf(parseJwt("{ secret: '${JWT_SECRET}' }", secret))).toEqual([
    'contexts.inventory.cohort.jwt.secret: required: a secret of 32 bytes or more (RFC 7518 §3.2), and no key in PEM',
  ]);
});

test('a public key and a secret exclude each other', () => {
  const jwt = `{ publicKey: ${JSON.stringify(pemOf(ec.publicKey))}, secret: '\${JWT_SECRET}' }`;
  expect(mistakesOf(parseJwt(jwt))).toEqual([
    'contexts.inventory.cohort.jwt.secret: publicKey and secret exclude each other: tokens are signed with a private key, or with a secret (HS256)',
  ]);
});
