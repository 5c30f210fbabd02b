import type { IncomingMessage } from 'node:http';

/** Why a request is answered by the gateway itself, whatever its target. */
export interface Fault {
  readonly status: 400 | 501 | 505;
  readonly reason: string;
}

/**
 * What Node's parser lets pass and two servers in a row may read differently, so that one sees another request than the
 * other, or another user (RFC 9112 §2.3, §3, §3.2, §6.1; RFC 9110 §11.6.2). Undefined for a sound request.
 */
export function framingFault(request: IncomingMessage): Fault | undefined {
  const { headers, httpVersionMinor, url } = request;
  if (request.httpVersionMajor !== 1)
    return { status: 505, reason: `it is HTTP/${request.httpVersion}; required is HTTP/1.0 or 1.1` };
  if (url!.charCodeAt(0) !== 47 && !FORM.test(url!))
    return { status: 400, reason: 'its target is neither a path nor a URL' };
  const coding = headers['transfer-encoding'];
  if (coding !== undefined) {
    if (httpVersionMinor === 0) return { status: 400, reason: 'it is HTTP/1.0 and has Transfer-Encoding' };
    if (headers['content-length'] !== undefined)
      return { status: 400, reason: 'it has both Content-Length and Transfer-Encoding' };
    if (coding.trim().toLowerCase() !== 'chunked')
      return { status: 501, reason: `its Transfer-Encoding is '${coding}'; required is 'chunked'` };
  }
  const raw = request.rawHeaders;
  let hosts = 0;
  let credentials = 0;
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index]!;
    if (name.length === 4) {
      if (name.toLowerCase() === 'host') hosts += 1;
    } else if (name.length === 13 && (name.charCodeAt(0) | 0x20) === 0x61) {
      if (name.toLowerCase() === 'authorization') credentials += 1;
    }
  }
  if (hosts > 1) return { status: 400, reason: `it has ${hosts} Host fields; required is one` };
  if (hosts === 0 && httpVersionMinor === 1) return { status: 400, reason: 'it has no Host field' };
  if (credentials > 1)
    return { status: 400, reason: `it has ${credentials} Authorization fields; required is one at most` };
  const { host } = headers;
  if (host === soundHost || host === undefined) return undefined;
  if (!HOST.test(host)) return { status: 400, reason: `its Host '${host}' is no host` };
  soundHost = host;
  return undefined;
}

/**
 * The forms of a target that isn't a path (RFC 9112 §3.2): asterisk-form, and absolute-form, of http with a host
 * (RFC 9110 §4.2.1). Authority-form is CONNECT's alone, which never comes here.
 */
const FORM = /^(?:\*$|https?:\/\/[^/?#]|(?!https?:)[a-z][a-z\d+.-]*:\/\/)/i;
/** `uri-host [ ":" port ]` (RFC 9110 §7.2, RFC 3986 §3.2.2); an empty one is sound. */
const HOST = /^(?:\[[\da-fv:.]+\]|[\w.~!$&'()*+,;=%-]*)(?::\d*)?$/i;
/** The one before, which nearly every request has again. */
let soundHost: string | undefined;
