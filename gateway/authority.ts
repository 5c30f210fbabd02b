import type { IncomingMessage } from 'node:http';

/**
 * Makes the authority of a target in absolute-form the request's `Host`, whatever the client sent there: RFC 9112 §3.2.2
 * has a proxy do so. Everybody then speaks of the same host: routes, the upstream, `X-Forwarded-Host`.
 */
export function takeAuthority(request: IncomingMessage, authority: string): void {
  const { headers, rawHeaders } = request;
  headers.host = authority;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if (rawHeaders[index]!.toLowerCase() !== 'host') continue;
    rawHeaders[index + 1] = authority;
    return;
  }
  rawHeaders.unshift('Host', authority);
}
