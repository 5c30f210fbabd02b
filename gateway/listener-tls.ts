import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext, type TlsOptions } from 'node:tls';
import type { ListenerTls } from '../contexts/index.ts';

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
