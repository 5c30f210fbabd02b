import type { IncomingMessage } from 'node:http';
import type { OwnAnswer } from '../contexts/index.ts';

/** What the gateway answers as the last of the chain: which methods there are depends on where they go. */
const ANSWERS: Readonly<Record<string, OwnAnswer>> = {
  OPTIONS: { status: 200, fields: {} },
  // It would have to tell a client's own fields to whatever script has made the request (RFC 9110 §9.3.8, §17.13).
  TRACE: { status: 405, fields: { allow: 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS' } },
};

/**
 * Counts `Max-Forwards` of OPTIONS and TRACE down in the request, for the next one to see, or returns the answer to one
 * that may be forwarded no further (RFC 9110 §7.6.2). To other methods it means nothing, and neither does what is no
 * number.
 */
export function countForwards(request: IncomingMessage): OwnAnswer | undefined {
  const answer =
    request.method === 'OPTIONS' || request.method === 'TRACE' ? ANSWERS[request.method] : undefined;
  if (answer === undefined || request.headers['max-forwards'] === undefined) return undefined;
  const { rawHeaders } = request;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const value = rawHeaders[index + 1]!;
    if (rawHeaders[index]!.toLowerCase() !== 'max-forwards' || !/^\d+$/.test(value)) continue;
    if (/^0+$/.test(value)) return answer;
    rawHeaders[index + 1] = String(BigInt(value) - 1n);
  }
  return undefined;
}
