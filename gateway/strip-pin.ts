import type { IncomingMessage } from 'node:http';
import { PIN_FIELD, withoutCookie, type Overrides } from '../contexts/index.ts';

/**
 * Takes pins out of a request, good ones and others: they are the gateway's, and no upstream is to see or keep them.
 * Of the Cookie fields everything else stays byte for byte; one that had nothing else goes.
 */
export function stripPin(request: IncomingMessage, { cookie }: Overrides): void {
  const { headers, rawHeaders } = request;
  const held = headers.cookie?.includes(cookie) === true;
  if (!held && headers[PIN_FIELD] === undefined) return;
  const kept: string[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!;
    const lower = name.toLowerCase();
    if (lower === PIN_FIELD) continue;
    const value = rawHeaders[index + 1]!;
    const rest = held && lower === 'cookie' ? withoutCookie(value, cookie) : value;
    if (rest !== '' || value === '') kept.push(name, rest);
  }
  delete headers[PIN_FIELD];
  if (held) {
    const rest = withoutCookie(headers.cookie!, cookie);
    if (rest === '') delete headers.cookie;
    else headers.cookie = rest;
  }
  request.rawHeaders = kept;
}
