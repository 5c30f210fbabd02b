import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { clientAddress, NO_TRUST, peerOf, trustIn } from '../../gateway/client-address.ts';

const PROXIES = trustIn(['10.0.0.0/8', '192.0.2.7', '2001:db8:1::/48', '::1/128']);

const from = (remoteAddress: string | undefined, headers: Record<string, string> = {}) =>
  ({ socket: { remoteAddress }, headers }) as unknown as IncomingMessage;

test('a client that is no trusted proxy is who its connection says, whatever it writes', () => {
  const headers = { 'x-forwarded-for': '1.2.3.4', forwarded: 'for=1.2.3.4' };
  expect(clientAddress(PROXIES, from('198.51.100.9', headers))).toBe('198.51.100.9');
  expect(clientAddress(PROXIES, from('::ffff:198.51.100.9', headers))).toBe('198.51.100.9');
  expect(clientAddress(NO_TRUST, from('10.0.0.1', headers))).toBe('10.0.0.1');
  expect(clientAddress(PROXIES, from(undefined, headers))).toBe('unknown');
});

test.each(['10.0.0.1', '::ffff:10.1.2.3', '192.0.2.7', '2001:db8:1:2::3', '::1'])(
  'behind the trusted proxy %s it is the rightmost address that is none of theirs',
  (proxy) => {
    const list = '6.6.6.6, 198.51.100.9, 10.9.9.9,2001:db8:1::5';
    expect(clientAddress(PROXIES, from(proxy, { 'x-forwarded-for': list }))).toBe('198.51.100.9');
  },
);

test.each(['11.0.0.1', '192.0.2.8', '2001:db8:2::3', '::2'])('%s is no trusted proxy', (address) => {
  expect(clientAddress(PROXIES, from(address, { 'x-forwarded-for': '1.2.3.4' }))).toBe(address);
});

test.each([
  ['198.51.100.9:5000', '198.51.100.9'],
  ['[2001:DB8::9]:5000', '2001:db8::9'],
  ['[2001:db8::9]', '2001:db8::9'],
  ['2001:db8::9', '2001:db8::9'],
  ['::ffff:198.51.100.9', '198.51.100.9'],
  ['10.0.0.2, 10.0.0.3', '10.0.0.2'],
  ['unknown', '10.0.0.1'],
  ['198.51.100.9, unknown', '10.0.0.1'],
  ['198.51.100.9, _hidden, 10.0.0.2', '10.0.0.2'],
  ['198.51.100.9,', '10.0.0.1'],
  [',198.51.100.9', '198.51.100.9'],
  [',', '10.0.0.1'],
  ['', '10.0.0.1'],
  ['999.1.1.1', '10.0.0.1'],
])('X-Forwarded-For: %s → %s', (list, address) => {
  expect(clientAddress(PROXIES, from('10.0.0.1', { 'x-forwarded-for': list }))).toBe(address);
});

test.each([
  ['for=198.51.100.9', '198.51.100.9'],
  ['for=6.6.6.6, For="198.51.100.9:99";proto=https;by=10.0.0.1, for=10.0.0.2', '198.51.100.9'],
  ['proto=http;for="[2001:db8::9]:80";host="a,b"', '2001:db8::9'],
  ['for=198.51.100.9, proto=http', '10.0.0.1'],
  ['for=unknown', '10.0.0.1'],
  ['for=_x', '10.0.0.1'],
])('without that field, Forwarded: %s → %s', (forwarded, address) => {
  expect(clientAddress(PROXIES, from('10.0.0.1', { forwarded }))).toBe(address);
});

test('a client that leaves a quote open can’t swallow what the proxy wrote behind it', () => {
  for (const own of ['for=6.6.6.6;x="', String.raw`for=6.6.6.6;x="\"`])
    for (const added of ['for=198.51.100.9', 'for="[2001:db8::9]"', 'for="[2001:db8::9]";by="[::1]"'])
      expect(clientAddress(PROXIES, from('10.0.0.1', { forwarded: `${own}, ${added}` }))).toBe('10.0.0.1');
});

test('X-Forwarded-For goes before Forwarded, which proxies that write the former let pass as it came', () => {
  const headers = { 'x-forwarded-for': '198.51.100.9', forwarded: 'for=6.6.6.6' };
  expect(clientAddress(PROXIES, from('10.0.0.1', headers))).toBe('198.51.100.9');
});

test('a connection is looked at once, and again when others are trusted', () => {
  const { socket } = from('10.0.0.1');
  const peer = peerOf(PROXIES, socket);
  expect(peer).toMatchObject({ address: '10.0.0.1', trusted: true, secure: false });
  expect(peerOf(PROXIES, socket)).toBe(peer);
  expect(peerOf(NO_TRUST, socket)).toMatchObject({ trusted: false });
  expect(peerOf(trustIn(['fe80::/10']), from('fe80::1%eth0').socket)).toMatchObject({ trusted: true });
});
