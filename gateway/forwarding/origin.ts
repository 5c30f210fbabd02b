import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import type { UpstreamOptions } from './forwarder.ts';

/** Where an upstream listens, taken apart. */
export interface Origin {
  /** `http://host:port`; with a socket of the file system `http://localhost`. */
  readonly url: string;
  readonly secure: boolean;
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
  readonly socketPath: string | undefined;
  /** For `tls.connect`; empty without TLS. */
  readonly tls: OriginTls;
}

export interface OriginTls {
  /** Said outright: NODE_TLS_REJECT_UNAUTHORIZED can't turn it off then. */
  readonly rejectUnauthorized?: true;
  /** The name that the certificate must have; empty where that is the address that is dialled (RFC 6066 §3). */
  readonly servername?: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** Reads the files that `tls` names; throws when one can't be read. */
export function originOf({ url, tls = {} }: Pick<UpstreamOptions, 'url' | 'tls'>): Origin {
  if (url.startsWith('unix:'))
    return {
      ...{ url: 'http://localhost', secure: false, host: 'localhost', port: 80 },
      ...{ socketPath: url.slice('unix:'.length), tls: {} },
    };
  const { protocol, hostname, port, origin } = new URL(url);
  const secure = protocol === 'https:';
  const host = hostname.replace(/^\[|\]$/g, '');
  const { servername = isIP(host) ? '' : host, ca, cert, key } = tls;
  return {
    ...{ url: origin, secure, host, port: Number(port) || (secure ? 443 : 80), socketPath: undefined },
    tls: secure
      ? {
          ...{ rejectUnauthorized: true, servername },
          ...(ca === undefined ? {} : { ca: readPem(ca) }),
          ...(cert === undefined ? {} : { cert: readPem(cert) }),
          ...(key === undefined ? {} : { key: readPem(key) }),
        }
      : {},
  };
}

function readPem(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new Error(
      `can't read ${file}, which the configuration names for TLS: ${(cause as Error).message}`,
      {
        cause,
      },
    );
  }
}
