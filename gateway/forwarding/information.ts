import { ServerResponse } from 'node:http';
import { informationFields } from './fields.ts';

/** Since Node.js 24.18; before, informational answers end at the gateway. */
const CAN_PASS = 'writeInformation' in ServerResponse.prototype;

/**
 * Passes an informational answer such as 103 (Early Hints, RFC 8297) on to a client that speaks HTTP/1.1
 * (RFC 9110 §15.2). 100 belongs to the exchange that asked for it, 101 to upgrades: both end here.
 */
export function passInformation(
  response: ServerResponse,
  status: number,
  raw: readonly (string | Buffer)[],
): void {
  if (status < 102 || !CAN_PASS || response.req.httpVersionMinor === 0) return;
  if (response.headersSent || response.destroyed) return;
  response.writeInformation(status, informationFields(raw));
}

/** Whether the answer has a body of which nobody says how long it is. */
export function isOpenEnded(response: ServerResponse): boolean {
  return response.chunkedEncoding || response.req.httpVersionMinor === 0;
}

/** Node sends a head with the first bytes of the body. Where none have come, the head goes alone. */
export function sendHead(response: ServerResponse): void {
  // Node's own note, which nothing public tells; without it something empty would be written.
  const { _headerSent: sent } = response as { _headerSent?: boolean };
  if (sent !== true && !response.destroyed) response.flushHeaders();
}
