import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * Why a request on the ops port may change nothing. There is no log-in, but a web page may not, though it runs in the
 * browser of somebody who reaches the port: what tells of one (`Origin`, RFC 6454 §7; `Sec-Fetch-Site`) is refused, and no
 * form can send JSON.
 */
export function refusalOf({ headers }: IncomingMessage): { status: number; error: string } | undefined {
  const site = headers['sec-fetch-site'];
  if (headers.origin !== undefined || (site !== undefined && site !== 'none'))
    return { status: 403, error: 'web pages may not use the ops port' };
  const type = headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/json') return { status: 415, error: 'required: content-type: application/json' };
  return undefined;
}

/** Answers in JSON, unless nobody waits any more. */
export function sendJson(
  response: ServerResponse,
  status: number,
  body: object,
  fields: Readonly<Record<string, string>> = {},
): void {
  if (response.destroyed) return;
  response
    .writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...fields })
    .end(`${JSON.stringify(body)}\n`);
}

/** The longest body in bytes. */
const MOST = 64 * 1_024;

/** Undefined when it is no JSON or too long; the schema says what is required then. */
export async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > MOST) return undefined;
      chunks.push(chunk);
    }
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    return undefined;
  }
}
