import type { IncomingMessage, ServerResponse } from 'node:http';

/** Where the ops port has the public keys. */
export const JWKS_PATH = '/.well-known/jwks.json';

/** Seconds that a cache may keep the keys: as long as a new one has to be published before it signs. */
const MAX_AGE = 60;

/** Answers with the public keys (RFC 7517 §8.5.2); 404 where there are none. */
export function serveKeys(
  jwks: string | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const { method } = request;
  if (jwks === undefined) {
    response
      .writeHead(404, { 'content-type': 'text/plain; charset=utf-8' })
      .end('no keys: the configuration has no gateway.identity\n');
  } else if (method !== 'GET' && method !== 'HEAD') response.writeHead(405, { allow: 'GET, HEAD' }).end();
  else
    response
      .writeHead(200, {
        'content-type': 'application/jwk-set+json',
        'content-length': Buffer.byteLength(jwks),
        'cache-control': `public, max-age=${MAX_AGE}`,
      })
      .end(method === 'HEAD' ? undefined : jwks);
}
