import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';

/** Whose word on where a request comes from is taken: the proxies in front of the gateway. */
export interface Trust {
  /** Whether this address, in the notation of `Peer.address`, is a trusted proxy's. */
  trusts(address: string): boolean;
}

/** What is known of one connection of a client; the same for all of its requests. */
export interface Peer {
  /** Of the other end: IPv4 as `10.0.0.7`, never as `::ffff:10.0.0.7`; `unknown` when it is gone already. */
  readonly address: string;
  /** Whether it came over TLS. */
  readonly secure: boolean;
  /** Whether the other end is a trusted proxy. */
  readonly trusted: boolean;
  readonly trust: Trust;
  /** What upstreams were last told of it, for one Host. */
  said: { readonly host: string | undefined; readonly fields: readonly string[] } | undefined;
}

/** Nobody is trusted. */
export const NO_TRUST: Trust = { trusts: () => false };

/** `trustedProxies` of the config, which has been checked: addresses and blocks in CIDR notation. */
export function trustIn(trustedProxies: readonly string[]): Trust {
  if (trustedProxies.length === 0) return NO_TRUST;
  const blocks = new BlockList();
  for (const block of trustedProxies) {
    const [address = '', prefix] = block.split('/');
    const family = address.includes(':') ? 'ipv6' : 'ipv4';
    if (prefix === undefined) blocks.addAddress(address, family);
    else blocks.addSubnet(address, Number(prefix), family);
  }
  return {
    trusts(address) {
      // A link-local address carries its interface (RFC 4007 §11), of which a block knows nothing.
      const zone = address.indexOf('%');
      const bare = zone < 0 ? address : address.slice(0, zone);
      const version = isIP(bare);
      return version !== 0 && blocks.check(bare, version === 6 ? 'ipv6' : 'ipv4');
    },
  };
}

const PEER = Symbol('peer');

/** The other end of a connection, worked out once for each connection. */
export function peerOf(trust: Trust, socket: Duplex & { [PEER]?: Peer }): Peer {
  const known = socket[PEER];
  if (known !== undefined && known.trust === trust) return known;
  const { remoteAddress, encrypted } = socket as Partial<TLSSocket>;
  const address = remoteAddress === undefined ? 'unknown' : plainAddress(remoteAddress);
  const peer: Peer = {
    address,
    secure: encrypted === true,
    trusted: trust.trusts(address),
    trust,
    said: undefined,
  };
  socket[PEER] = peer;
  return peer;
}

/** Whether the client came over TLS, as far as a trusted proxy in front tells. */
export function cameSecurely(trust: Trust, { socket, headers }: IncomingMessage): boolean {
  const { secure, trusted } = peerOf(trust, socket);
  return secure || (trusted && headers['x-forwarded-proto'] === 'https');
}

/**
 * The *resolved client address*: the other end of the connection, or, where that is a trusted proxy, the rightmost
 * address in `X-Forwarded-For` (without that field, in `Forwarded`, RFC 7239 §5.2) that is no trusted proxy's. What
 * stands further to the left, anybody may have written. An entry that is no address (`unknown`, an obfuscated name)
 * ends the walk at the proxy that wrote it. When all are trusted, it is the leftmost.
 */
export function clientAddress(trust: Trust, { socket, headers }: IncomingMessage): string {
  const peer = peerOf(trust, socket);
  if (!peer.trusted) return peer.address;
  const list = (headers['x-forwarded-for'] as string | undefined) ?? forwardedFor(headers.forwarded) ?? '';
  let found = peer.address;
  for (let end = list.length; end >= 0;) {
    const comma = list.lastIndexOf(',', end - 1);
    const address = addressIn(list.slice(comma + 1, end));
    if (address === undefined) return found;
    found = address;
    if (!trust.trusts(address)) return found;
    end = comma;
  }
  return found;
}

/** `Forwarded` in the notation of `X-Forwarded-For`: the `for` of each element, empty for one that has none. */
export function forwardedFor(field: string | undefined): string | undefined {
  // With a quote that nobody closes, what one hop wrote reads as another's: such a field says nothing.
  if (field === undefined || !WELL_QUOTED.test(field)) return undefined;
  const addresses = (field.match(ELEMENT) ?? []).map((element) => FOR.exec(element)?.[1] ?? '');
  return addresses.map((address) => address.replace(/^"(.*)"$/, '$1')).join(', ');
}

const WELL_QUOTED = /^(?:[^"]|"(?:[^"\\]|\\.)*")*$/;
/** What stands between two commas outside of quotes. */
const ELEMENT = /(?:"(?:[^"\\]|\\.)*"|[^",])+/g;
const FOR = /(?:^|;)\s*for\s*=\s*("(?:[^"\\]|\\.)*"|[^;\s]*)/i;

/** `192.0.2.7`, `192.0.2.7:5000`, `[2001:db8::1]:5000`, `[2001:db8::1]`, `2001:db8::1`; undefined for no address. */
function addressIn(entry: string): string | undefined {
  const text = entry.trim();
  const bare = BRACKETED.exec(text)?.[1] ?? V4_AND_PORT.exec(text)?.[1] ?? text;
  return isIP(bare) === 0 ? undefined : plainAddress(bare).toLowerCase();
}

const BRACKETED = /^\[([0-9a-f:.]+)\](?::\d+)?$/i;
const V4_AND_PORT = /^([\d.]+):\d+$/;

/** An IPv4 address that a socket for both families shows as an IPv6 one (RFC 4291 §2.5.5.2). */
export function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}
