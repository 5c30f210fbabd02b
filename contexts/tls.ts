import { z } from 'zod';
import type { Checked } from './cross-checks.ts';
import { entriesOf, mapOf, textOf } from './written.ts';

const file = z.string().min(1, 'the path of a PEM file');

/** TLS towards clients: HTTP/1.1 by ALPN, nothing else. */
export const listenerTls = z.strictObject({
  /** The PEM file of the certificate and of those between it and its authority. Read again when it changes. */
  cert: file,
  /** The PEM file of its key, without a passphrase. */
  key: file,
  /** A PEM file of authorities: clients must show a certificate that one of them signed. */
  ca: file.optional(),
  minVersion: z.enum(['TLSv1.2', 'TLSv1.3']).default('TLSv1.2'),
});

/** TLS to one upstream. Its certificate is always verified; nothing turns that off. */
export const upstreamTls = z.strictObject({
  /** A PEM file of authorities that may have signed its certificate, instead of the public ones. */
  ca: file.optional(),
  /** The name in its certificate, where that is not the URL's host; it is asked for by SNI, too (RFC 6066 §3). */
  servername: z.string().min(1).optional(),
  /** The gateway's own certificate, for an upstream that asks for one. */
  cert: file.optional(),
  key: file.optional(),
});

export type ListenerTls = z.output<typeof listenerTls>;
export type UpstreamTls = z.output<typeof upstreamTls>;

/** TLS where there is none, and a certificate without its key. */
export function checkTls({ root, report }: Checked): void {
  for (const [name, upstream] of entriesOf(root['upstreams'])) {
    if (upstream['tls'] === undefined) continue;
    const tls = mapOf(upstream['tls']);
    const path = ['upstreams', name, 'tls'];
    if (textOf(upstream['url'])?.startsWith('https:') === false)
      report(
        path,
        'only an upstream whose URL begins with https:// has TLS; correct the URL, or remove `tls:`',
      );
    if ((tls['cert'] === undefined) !== (tls['key'] === undefined))
      report(path, 'a certificate needs its key: name both `cert:` and `key:`, or neither');
  }
}

/** The files that a configuration names for TLS. */
export function tlsFiles({
  gateway,
  upstreams,
}: {
  readonly gateway: { readonly tls?: ListenerTls | undefined };
  readonly upstreams: Readonly<Record<string, { readonly tls?: UpstreamTls | undefined }>>;
}): string[] {
  return [gateway.tls, ...Object.values(upstreams).map(({ tls }) => tls)]
    .flatMap((tls) => [tls?.cert, tls?.key, tls?.ca])
    .filter((file) => file !== undefined);
}
