import type { IncomingMessage } from 'node:http';
import { forwardedFor, type Peer } from '../client-address.ts';

/**
 * What the gateway says of where a request comes from, as a raw list: `X-Forwarded-For`, `-Proto`, `-Host`, `-Port`
 * and `Forwarded` (RFC 7239). Of an untrusted client it is the same for each request of its connection to one Host.
 */
export function forwardedFields(
  peer: Peer,
  { headers }: Pick<IncomingMessage, 'headers'>,
): readonly string[] {
  const { host } = headers;
  if (peer.trusted) return passedOn(peer, headers);
  const known = peer.said;
  if (known !== undefined && known.host === host) return known.fields;
  const proto = peer.secure ? 'https' : 'http';
  const fields = written(peer.address, proto, host, portOf(host, proto), element(peer, host, proto));
  peer.said = { host, fields };
  return fields;
}

/** What a trusted proxy says is kept, and the proxy itself is added; what it doesn't say, the gateway says. */
function passedOn(peer: Peer, headers: IncomingMessage['headers']): readonly string[] {
  const own = (name: string) => headers[name] as string | undefined;
  const { forwarded } = headers;
  const before = forwardedFor(forwarded);
  const list = own('x-forwarded-for') ?? before;
  const chain = list === undefined ? peer.address : `${list}, ${peer.address}`;
  const last =
    forwarded === undefined || before === undefined ? '' : forwarded.slice(forwarded.lastIndexOf(',') + 1);
  const proto =
    own('x-forwarded-proto') ??
    /(?:^|;)\s*proto="?(https?)\b/i.exec(last)?.[1] ??
    (peer.secure ? 'https' : 'http');
  const host = own('x-forwarded-host') ?? headers.host;
  const port = own('x-forwarded-port') ?? portOf(host, proto);
  // A proxy that writes X-Forwarded-For may let the client's own Forwarded pass: it is kept where both say the same.
  const kept =
    forwarded !== undefined && before !== undefined && sameAddresses(before, list!)
      ? forwarded
      : list
          ?.split(',')
          .map((entry) => `for=${node(entry.trim())}`)
          .join(', ');
  const added = ownElement(peer, headers.host);
  return written(chain, proto, host, port, kept === undefined ? added : `${kept}, ${added}`);
}

function written(
  chain: string,
  proto: string,
  host: string | undefined,
  port: string,
  forwarded: string,
): readonly string[] {
  const fields = ['X-Forwarded-For', chain, 'X-Forwarded-Proto', proto];
  if (host !== undefined) fields.push('X-Forwarded-Host', host);
  fields.push('X-Forwarded-Port', port, 'Forwarded', forwarded);
  return fields;
}

/** The proxy's own element, made once for each Host of its connection. */
function ownElement(peer: Peer, host: string | undefined): string {
  const known = peer.said;
  if (known !== undefined && known.host === host) return known.fields[0]!;
  const made = element(peer, host, peer.secure ? 'https' : 'http');
  peer.said = { host, fields: [made] };
  return made;
}

/** One element of `Forwarded` (RFC 7239 §4). */
function element({ address }: Peer, host: string | undefined, proto: string): string {
  return `for=${node(address)}${host === undefined ? '' : `;host=${quoted(host)}`};proto=${proto}`;
}

/** RFC 7239 §6: an IPv6 address stands in brackets and quotes. */
function node(address: string): string {
  if (address === '') return 'unknown';
  const bare = !address.startsWith('[') && address.indexOf(':') !== address.lastIndexOf(':');
  return quoted(bare ? `[${address.replace(/%.*$/, '')}]` : address);
}

/** As a token where it is one, else as a quoted string (RFC 9110 §5.6). */
function quoted(text: string): string {
  return /^[!#$%&'*+.^_`|~\w-]+$/.test(text) ? text : `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}

function sameAddresses(one: string, other: string): boolean {
  return one.replaceAll(' ', '').toLowerCase() === other.replaceAll(' ', '').toLowerCase();
}

/** The port that the client asked for: what Host says, else the scheme's own. The gateway's may be another. */
function portOf(host: string | undefined, proto: string): string {
  return (host && /:(\d{1,5})$/.exec(host)?.[1]) ?? (/^https/i.test(proto) ? '443' : '80');
}
