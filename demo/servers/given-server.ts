import { createConnection } from 'mysql2/promise';
import { connect } from 'node:net';

/** Throws unless the server behind the URL of this environment variable answers. The password stays out of the error. */
export async function mustAnswer(variable: string, url: string): Promise<void> {
  let where = 'no URL';
  try {
    const parsed = new URL(url);
    where = `${parsed.protocol}//${parsed.host}`;
    if (parsed.protocol === 'mysql:')
      await (await createConnection({ uri: url, connectTimeout: 5_000 })).end();
    else if (/^rediss?:$/.test(parsed.protocol)) await opens(parsed.hostname, Number(parsed.port || 6379));
    else throw new Error('it must begin with mysql:// or redis://');
  } catch (cause) {
    throw new Error(
      `${variable} names ${where}, which can't be used: ${(cause as Error).message}. Start that server, correct the URL, or unset ${variable}.`,
      { cause },
    );
  }
}

/** A plain TCP connection: the clients do the rest, with TLS and password where the URL says so. */
function opens(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: 5_000 }, () => {
      socket.destroy();
      resolve();
    });
    socket.once('timeout', () => socket.destroy(new Error('no answer within 5 s')));
    socket.once('error', reject);
  });
}
