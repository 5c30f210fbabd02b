import { expect, test } from 'vitest';
import {
  compileSnapshot,
  explain,
  parseConfig,
  signPin,
  withKills,
  withoutCookie,
  type ContextStages,
  type Kill,
  type RequestFacts,
} from '../../contexts/index.ts';
import { configOf, SHOP } from './sample.ts';

const [KEY, NEXT, FOREIGN] = ['a', 'b', 'c'].map((letter) => letter.repeat(32)) as [string, string, string];
const NOW = Date.parse('2026-11-28T06:00:00Z');
const HOUR = 3_600_000;
const yaml = `${SHOP}gateway: { overrides: { keys: ['${KEY}', '${NEXT}'] } }\n`;

/** The shop at these stages, which lets reads be pinned. */
function shopWith(stages: Partial<ContextStages> = {}) {
  const legacy = { reads: { stage: 'legacy' }, writes: { stage: 'legacy' }, salt: 's' } as const;
  const contexts = { inventory: { ...legacy, ...stages } };
  return compileSnapshot(configOf(yaml), { generation: 'g', revision: 7, contexts });
}
const get = { method: 'GET', target: '/inventory/abc', now: NOW };
const pinned = (pin: string, more: Partial<RequestFacts> = {}): RequestFacts => ({
  ...get,
  headers: { 'x-banyan-pin': pin },
  ...more,
});
const good = signPin(KEY, { inventory: 'extracted' }, NOW + HOUR);

test('a signed pin sends a read to its side until it expires, in the field or in the cookie, and the reason says so', () => {
  for (const headers of [
    { 'x-banyan-pin': good },
    { cookie: `a=b; banyan-pin=${good}; c=d` },
    { 'x-banyan-pin': 'nonsense', cookie: `banyan-pin=${good}` },
  ])
    expect(explain(shopWith(), { ...get, headers })).toMatchObject({
      upstream: 'inventory',
      reason: 'reads pinned to extracted until 2026-11-28T07:00:00.000Z → extracted',
      path: '/inventory/abc',
      private: true,
    });
  const back = signPin(KEY, { orders: 'extracted', inventory: 'legacy' }, NOW + HOUR);
  expect(explain(shopWith({ reads: { stage: 'extracted' } }), pinned(back))).toMatchObject({
    upstream: 'monolith',
    reason: 'reads pinned to legacy until 2026-11-28T07:00:00.000Z → monolith',
  });
});

test('a pin goes before a percentage and a shadow, and has no copy made', () => {
  for (const reads of [{ stage: 'canary', percent: 0 }, { stage: 'shadow' }] as const) {
    const decision = explain(shopWith({ reads }), pinned(good));
    expect(decision).toMatchObject({ upstream: 'inventory' });
    expect(decision).not.toHaveProperty('shadow');
  }
});

test('every key of the list is believed, so that keys can be changed', () => {
  const older = signPin(NEXT, { inventory: 'extracted' }, NOW + HOUR);
  expect(explain(shopWith(), pinned(older)).upstream).toBe('inventory');
});

const [signed, mac] = [good.slice(0, good.lastIndexOf('.')), good.slice(good.lastIndexOf('.') + 1)];
test.each([
  ['unsigned', 'inventory=extracted'],
  ['signed with a foreign key', signPin(FOREIGN, { inventory: 'extracted' }, NOW + HOUR)],
  ['expired', signPin(KEY, { inventory: 'extracted' }, NOW)],
  ['changed', `${signed.replace('inventory=', 'inventory=legacy.inventory=')}.${mac}`],
  ['made to last', `${signed.replace(/\d+$/, '9999999999')}.${mac}`],
  ['without its signature', `${signed}.`],
  ['with another signature', `${signed}.${'A'.repeat(43)}`],
  ['for another context', signPin(KEY, { orders: 'extracted' }, NOW + HOUR)],
  ['of a side that there is not', good.replace('extracted', 'shadow')],
  ['twice in one field', `${good}, ${good}`],
  ['endless', `${'inventory=extracted.'.repeat(300)}1.${mac}`],
  ['empty', ''],
])('a pin that is %s changes nothing', (_what, pin) => {
  const none = explain(shopWith(), get);
  expect(explain(shopWith(), pinned(pin))).toEqual(none);
  expect(explain(shopWith(), { ...get, headers: { cookie: `banyan-pin=${pin}` } })).toEqual(none);
});

test('a pin is for reads: no write is moved by it', () => {
  const post = pinned(good, { method: 'POST' });
  expect(explain(shopWith(), post)).toMatchObject({
    upstream: 'monolith',
    reason: 'writes legacy → monolith',
  });
});

test('what is retired or killed ignores pins, and the reason says so', () => {
  expect(explain(shopWith({ reads: { stage: 'retired' } }), pinned(good))).toMatchObject({
    upstream: '',
    reason: 'reads retired (its pin is ignored) → 410',
  });
  const kill: Kill = { id: '1', at: 'now', by: 'ada', reason: null, consent: null };
  const killed = withKills(
    shopWith({ reads: { stage: 'extracted' } }),
    new Map([['inventory', kill]]),
    1_000,
  );
  expect(explain(killed, pinned(good))).toMatchObject({
    upstream: 'monolith',
    reason: 'killed at now by ada: reads → monolith (its pin is ignored)',
  });
});

test('a kill brings no retired context back', () => {
  const kill: Kill = { id: '1', at: 'now', by: 'ada', reason: null, consent: 'hold-writes' };
  const stages = { reads: { stage: 'retired' }, writes: { stage: 'retired' } } as const;
  const killed = withKills(shopWith(stages), new Map([['inventory', kill]]), 1_000);
  for (const method of ['GET', 'POST'])
    expect(explain(killed, { ...get, method })).toMatchObject({ upstream: '', answer: { status: 410 } });
});

test('nobody pins where the configuration has no keys, or the time is not known', () => {
  const contexts = {};
  const shop = compileSnapshot(configOf(SHOP), { generation: 'g', revision: 7, contexts });
  expect(shop.overrides).toBeUndefined();
  expect(explain(shop, pinned(good)).upstream).toBe('monolith');
  expect(explain(shopWith(), pinned(good, { now: undefined })).upstream).toBe('monolith');
});

test('a pin is the same text for the same key, contexts and time', () => {
  expect(signPin(KEY, { inventory: 'extracted', orders: 'legacy' }, 1_795_640_000_999)).toMatch(
    /^inventory=extracted\.orders=legacy\.1795640000\.[\w-]{43}$/,
  );
  expect(signPin(KEY, {}, 1)).not.toBe(signPin(NEXT, {}, 1));
});

test.each([
  ['banyan-pin=x', ''],
  ['banyan-pin=x; a=1', 'a=1'],
  ['a=1; banyan-pin=x', 'a=1'],
  ['a=1; banyan-pin=x; b=2', 'a=1; b=2'],
  ['a=1;banyan-pin=x ;b="2; 3";  c', 'a=1;b="2; 3";  c'],
  ['banyan-pin=x; a=1; banyan-pin=y', 'a=1'],
  ['xbanyan-pin=1; banyan-pin2=2; a=banyan-pin', 'xbanyan-pin=1; banyan-pin2=2; a=banyan-pin'],
  [' a=1 ;; b', ' a=1 ;; b'],
  ['banyan-pin', ''],
])('the cookie is taken out of %j, and the rest stays byte for byte', (field, rest) => {
  expect(withoutCookie(field, 'banyan-pin')).toBe(rest);
});

test('a key that is too short is a mistake, and no key is ever shown', () => {
  const parsed = parseConfig(`${SHOP}gateway: { overrides: { keys: [hunter2], cookie: 'a b' } }\n`, () => '');
  expect(parsed.ok ? [] : parsed.mistakes.map(({ path, message }) => `${path}: ${message}`)).toEqual([
    'gateway.overrides.keys.0: required: at least 32 bytes, such as of `openssl rand -base64 32`',
    "gateway.overrides.cookie: found 'a b'; required: the name of a cookie",
  ]);
});
