import { BrokenAnswer } from './broken-answer.ts';

/** How an answer's body ends, and what becomes of its connection (RFC 9112 §6.3, §9.3). */
export interface Framing {
  /** Bytes of the body, or how else it ends. */
  readonly length: number;
  /** Whether the connection carries another exchange. */
  readonly keepAlive: boolean;
  /** Milliseconds that the upstream keeps the connection for; undefined where it doesn't say. */
  readonly kept: number | undefined;
}

/** The body is in chunks. */
export const CHUNKED = -1;
/** The body ends with the connection. */
export const UNTIL_CLOSE = -2;

const LENGTH = /^\d{1,15}$/;

/**
 * Throws BrokenAnswer where two readers could disagree on where the answer ends: with both Content-Length and
 * Transfer-Encoding, with several Content-Length, with one that is no number.
 */
export function framingOf(
  fields: readonly string[],
  status: number,
  version: number,
  toHead: boolean,
): Framing {
  let length: string | undefined;
  let coding: string | undefined;
  let connection: string | undefined;
  let kept: number | undefined;
  for (let index = 0; index < fields.length; index += 2) {
    const name = fields[index]!;
    const value = fields[index + 1]!;
    switch (name.length) {
      case 10:
        switch (name.toLowerCase()) {
          case 'connection':
            connection = connection === undefined ? value : `${connection},${value}`;
            break;
          case 'keep-alive':
            kept = keptFor(value);
        }
        break;
      case 14:
        if (name.toLowerCase() !== 'content-length') break;
        if (length !== undefined) throw new BrokenAnswer('it has more than one Content-Length');
        if (!LENGTH.test(value))
          throw new BrokenAnswer(`its Content-Length is '${value}'; required is a number`);
        length = value;
        break;
      case 17:
        if (name.toLowerCase() === 'transfer-encoding')
          coding = coding === undefined ? value : `${coding}, ${value}`;
    }
  }
  if (length !== undefined && coding !== undefined)
    throw new BrokenAnswer('it has both Content-Length and Transfer-Encoding');
  const keepAlive = keepsAlive(connection, version);
  if (toHead || status < 200 || status === 204 || status === 304) return { length: 0, keepAlive, kept };
  if (coding !== undefined) {
    const chunked = isChunked(coding);
    // Who speaks HTTP/1.0 may not mean what it says (RFC 9112 §6.1): nothing comes after it.
    return {
      length: chunked ? CHUNKED : UNTIL_CLOSE,
      keepAlive: chunked && version === 1 && keepAlive,
      kept,
    };
  }
  if (length === undefined) return { length: UNTIL_CLOSE, keepAlive: false, kept };
  return { length: Number(length), keepAlive, kept };
}

function isChunked(coding: string): boolean {
  return coding === 'chunked' || /(?:^|,)[ \t]*chunked[ \t]*$/i.test(coding);
}

/** RFC 9112 §9.3: the options, whatever their case; what HTTP/1.0 must say HTTP/1.1 need not. */
function keepsAlive(connection: string | undefined, version: number): boolean {
  if (connection === undefined) return version === 1;
  if (connection === 'keep-alive') return true;
  if (connection === 'close') return false;
  const options = connection
    .toLowerCase()
    .split(',')
    .map((option) => option.trim());
  return !options.includes('close') && (version === 1 || options.includes('keep-alive'));
}

/** `timeout=5, max=100` */
function keptFor(value: string): number | undefined {
  const seconds = /(?:^|[,;\s])timeout\s*=\s*"?(\d{1,6})/i.exec(value)?.[1];
  return seconds === undefined ? undefined : Number(seconds) * 1_000;
}
