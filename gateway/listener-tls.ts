import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext, type Server as TlsServer, type TlsOptions } from 'node:tls';
import type { ListenerTls } from '../contexts/index.ts';
import type { Log } from '../runtime/log.ts';

/** What the listener shows its clients. */
export interface Certificate {
  /** For `createServer` and `setSecureContext`. */
  readonly options: TlsOptions;
  /** The end of its validity, in seconds since 1970. */
  readonly expires: number;
}

/** Reads the files and proves that they go together; rejects, naming the files, when they don't. */
export async function readCertificate({ cert, key, ca, minVersion }: ListenerTls): Promise<Certificate> {
  const read = (file: string) =>
    readFile(file, 'utf8').catch((cause: Error) => {
      throw new Error(`can't read ${file}, which gateway.tls names: ${cause.message}`, { cause });
    });
  const options = {
    ...{ cert: await read(cert), key: await read(key), minVersion },
    ...(ca === undefined ? {} : { ca: await read(ca), requestCert: true, rejectUnauthorized: true }),
  };
  try {
    createSecureContext(options);
    return { options, expires: new X509Certificate(options.cert).validToDate.getTime() / 1_000 };
  } catch (cause) {
    const files = [cert, key, ca].filter((file) => file !== undefined).join(', ');
    throw new Error(
      `the files of gateway.tls can't be used together (${files}): ${(cause as Error).message}`,
      {
        cause,
      },
    );
  }
}

/** The listener's certificate, which can be replaced while it listens. */
export interface CertificateKeeper {
  readonly current: () => Certificate;
  /** Takes what the files now hold; connections that are open keep theirs. A bad one changes nothing, and says so. */
  reload(server: TlsServer): Promise<void>;
}

export function keepCertificate(first: Certificate, tls: () => ListenerTls, log: Log): CertificateKeeper {
  let current = first;
  const keep = (next: Certificate, server: TlsServer) => {
    const same = next.options.cert === current.options.cert && next.options.key === current.options.key;
    server.setSecureContext(next.options);
    current = next;
    if (!same) log.info({ expires: day(next.expires) }, 'another certificate is in force');
  };
  return {
    current: () => current,
    async reload(server) {
      try {
        keep(await readCertificate(tls()), server);
      } catch (error) {
        log.error(
          { err: error, expires: day(current.expires) },
          'the certificate can’t be replaced; the one before stays in force',
        );
      }
    },
  };
}

const day = (seconds: number) => new Date(seconds * 1_000).toISOString();
