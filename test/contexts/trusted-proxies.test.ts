import { expect, it } from 'vitest';
import { parseConfig } from '../../contexts/index.ts';
import { configOf, SHOP } from './sample.ts';

const withProxies = (list: string) => `${SHOP}gateway: { trustedProxies: ${list} }\n`;

it('takes addresses and blocks of both families, and trusts nobody unless told', () => {
  const list = ['10.0.0.0/8', '192.0.2.7', '::1/128', '2001:db8::/32', '0.0.0.0/0', '::/0', 'fe80::1'];
  const config = configOf(withProxies(JSON.stringify(list)));
  expect(config.gateway.trustedProxies).toEqual(list);
  expect(configOf(SHOP).gateway.trustedProxies).toEqual([]);
});

const BLOCK = 'an address, or a block in CIDR notation such as 10.0.0.0/8 or ::1/128';
const STRAY =
  'a block whose address has no bits beyond the prefix, such as 10.0.0.0/8, or /32 (IPv6: /128) for one address';

it.each([
  ['10.0.0.0/33', BLOCK],
  ['10.0.0/8', BLOCK],
  ['256.0.0.0/8', BLOCK],
  ['proxy.example', BLOCK],
  ['::1/129', BLOCK],
  ['10.0.0.0/8/8', BLOCK],
  ['', BLOCK],
  ['10.0.0.7/8', STRAY],
  ['2001:db8::1/32', STRAY],
  ['::ffff:10.0.0.0/104', 'an IPv4 address in its own notation, such as 10.0.0.0/8'],
])('%s is a mistake with its line', (block, required) => {
  const parsed = parseConfig(withProxies(`['10.0.0.0/8', '${block}']`), () => undefined);
  expect(parsed.ok ? [] : parsed.mistakes).toEqual([
    expect.objectContaining({
      line: 12,
      path: 'gateway.trustedProxies.1',
      message: `found '${block}'; required: ${required}`,
    }),
  ]);
});

it('all of them are named at once', () => {
  const parsed = parseConfig(withProxies("['a', '10.0.0.1/8', 7]"), () => undefined);
  expect(parsed.ok ? [] : parsed.mistakes.map(({ path }) => path)).toEqual([
    'gateway.trustedProxies.0',
    'gateway.trustedProxies.1',
    'gateway.trustedProxies.2',
  ]);
});
