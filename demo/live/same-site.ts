import type { IncomingMessage } from 'node:http';

/**
 * Whether a page of this site asks. A browser sends cookies with every WebSocket, whoever's page opens it, and names
 * the page's origin (RFC 6455 §10.2); what is no browser need not.
 */
export function isSameSite({ headers }: IncomingMessage): boolean {
  if (headers.origin === undefined) return true;
  return URL.canParse(headers.origin) && new URL(headers.origin).host === headers.host;
}
