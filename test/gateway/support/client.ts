import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { connect } from 'node:net';

export interface Answer {
  readonly status: number;
  readonly fields: string[];
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  readonly trailers: string[];
}

/** One request over a connection of its own, with the target as it stands; rejects when the answer breaks off. */
export function send(
  url: string,
  target = '/',
  { body, ...options }: RequestOptions & { body?: string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const outgoing = httpRequest({ agent: false, hostname, port, path: target, ...options }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('error', reject);
      incoming.on('end', () =>
        resolve({
          status: incoming.statusCode!,
          fields: incoming.rawHeaders,
          headers: incoming.headers,
          body: Buffer.concat(chunks).toString('latin1'),
          trailers: incoming.rawTrailers,
        }),
      );
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** Writes these very bytes, and returns what came back until the other side closed. */
export function sendRaw(url: string, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    let got = '';
    socket.setEncoding('latin1').on('data', (chunk: string) => (got += chunk));
    socket.on('error', reject).on('end', () => resolve(got));
    socket.write(bytes, 'latin1');
  });
}

/** The head of a WebSocket upgrade. */
export function upgradeTo(target: string): string {
  return (
    `GET ${target} HTTP/1.1\r\nHost: shop\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
    'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n'
  );
}
