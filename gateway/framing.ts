import type { IncomingMessage } from 'node:http';

/** Why a request is answered by the gateway itself, whatever its target. */
export interface Fault {
  readonly status: 400 | 501 | 505;
  readonly reason: string;
}

/**
 * What Node's parser lets pass and two servers in a row may read differently, so that one sees another request than the
 * other (RFC 9112 §2.3, §3.2, §6.1). Undefined for a sound request.
 */
export function framingFault(request: IncomingMessage): Fault | undefined {
  const { headers, httpVersionMinor } = request;
  if (request.httpVersionMajor !== 1)
    return { status: 505, reason: `it is HTTP/${request.httpVersion}; required is HTTP/1.0 or 1.1` };
  const coding = headers['transfer-encoding'];
  if (coding !== undefined) {
    if (httpVersionMinor === 0) return { status: 400, reason: 'it is HTTP/1.0 and has Transfer-Encoding' };
    if (headers['content-length'] !== undefined)
      return { status: 400, reason: 'it has both Content-Length and Transfer-Encoding' };
    if (coding.trim().toLowerCase() !== 'chunked')
      return { status: 501, reason: `its Transfer-Encoding is '${coding}'; required is 'chunked'` };
  }
  const hosts = countHosts(request.rawHeaders);
  if (hosts > 1) return { status: 400, reason: `it has ${hosts} Host fields; required is one` };
  if (hosts === 0 && httpVersionMinor === 1) return { status: 400, reason: 'it has no Host field' };
  return undefined;
}

function countHosts(raw: readonly string[]): number {
  let count = 0;
  for (let index = 0; index < raw.length; index += 2)
    if (raw[index]!.length === 4 && raw[index]!.toLowerCase() === 'host') count += 1;
  return count;
}
