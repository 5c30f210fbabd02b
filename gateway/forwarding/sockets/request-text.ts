import type { IncomingMessage } from 'node:http';

/** Of these a server may wait for a body unless it is told that there is none (RFC 9110 §8.6). */
const WITH_BODY = new Set(['POST', 'PUT', 'PATCH', 'QUERY', 'PROPFIND', 'PROPPATCH']);

/** Nothing that could end the request line, or a character of more than one byte. */
const TARGET = /^[\x21-\x7e\x80-\xff]+$/;

/**
 * A request's head as it goes over the wire, one character for each byte. Its fields are the client's, of which Node's
 * parser has seen that they are sound, and those of the configuration, which has been checked. `host` stands in Host
 * where the client, of HTTP/1.0, has none. Throws where the target is none that can be written.
 */
export function requestText(
  { method, headers }: IncomingMessage,
  target: string,
  fields: readonly string[],
  host: string | undefined,
): string {
  if (!TARGET.test(target)) throw new Error(`the target ${JSON.stringify(target)} can't be written`);
  let text = `${method} ${target} HTTP/1.1\r\n`;
  if (host !== undefined) text += `Host: ${host}\r\n`;
  for (let index = 0; index < fields.length; index += 2) text += `${fields[index]}: ${fields[index + 1]}\r\n`;
  if (headers['content-length'] === undefined && WITH_BODY.has(method!)) text += 'Content-Length: 0\r\n';
  return `${text}\r\n`;
}
