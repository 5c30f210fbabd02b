import type { IncomingMessage } from 'node:http';
import { withoutWrote, type WroteCookies } from '../../contexts/index.ts';

/** Takes the gateway's own cookies out of a request; of the Cookie fields everything else stays byte for byte. */
export function stripWrote(request: IncomingMessage, cookies: WroteCookies): void {
  const { headers, rawHeaders } = request;
  if (headers.cookie?.includes(cookies.prefix) !== true) return;
  const kept: string[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const [name, value] = [rawHeaders[index]!, rawHeaders[index + 1]!];
    const rest = name.toLowerCase() === 'cookie' ? withoutWrote(value, cookies) : value;
    if (rest !== '' || value === '') kept.push(name, rest);
  }
  const rest = withoutWrote(headers.cookie, cookies);
  if (rest === '') delete headers.cookie;
  else headers.cookie = rest;
  request.rawHeaders = kept;
}
