import { MAX_HEAD } from '../forwarder.ts';
import { checkTrailersBegun, parseTrailers } from './answer-head.ts';
import { BrokenAnswer } from './broken-answer.ts';

/** Where a body in chunks stands (RFC 9112 §7.1). */
const SIZE = 0;
const DATA = 1;
const DATA_END = 2;
const TRAILERS = 3;

/** Longest line with a chunk's size and its extensions, in bytes: Node's own limit. */
const MAX_LINE = 16 * 1024;

/**
 * `1a;name=value;other="quoted"`: extensions are checked and dropped. White space, which RFC 9112 §7.1.1 calls bad and
 * has a recipient read, is refused as llhttp refuses it: two readers may differ on it.
 */
const LINE =
  /^[\da-f]{1,13}(?:;[!#$%&'*+.^_`|~\w-]+(?:=(?:[!#$%&'*+.^_`|~\w-]+|"(?:[\t\x20\x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t\x20-\x7e\x80-\xff])*"))?)*\r\n$/i;
/** What may become such a line. */
const BEGUN = /^[\da-f]{1,13}(?:;[\t\x20-\x7e\x80-\xff]*)?\r?$/i;

/** What a body's bytes are handed to. */
export interface ChunkSink {
  /** Valid during the call only. */
  data(chunk: Buffer): void;
}

/** Undoes chunked coding, however the bytes come in pieces. */
export class ChunkedBody {
  readonly #sink: ChunkSink;
  #state = SIZE;
  #left = 0;
  #line = '';
  /** Raw list, once the body is whole. */
  trailers: string[] | undefined;

  constructor(sink: ChunkSink) {
    this.#sink = sink;
  }

  /** Takes bytes, and returns where they end that are the body's. Throws BrokenAnswer. */
  read(bytes: Buffer, from: number, end: number): number {
    let at = from;
    while (at < end && this.trailers === undefined) {
      switch (this.#state) {
        case SIZE:
          at = this.#readSize(bytes, at, end);
          break;
        case DATA: {
          const upto = Math.min(end, at + this.#left);
          this.#left -= upto - at;
          if (this.#left === 0) this.#state = DATA_END;
          this.#sink.data(bytes.subarray(at, upto));
          at = upto;
          break;
        }
        case DATA_END:
          at = this.#readDataEnd(bytes, at);
          break;
        default:
          at = this.#readTrailers(bytes, at, end);
      }
    }
    return at;
  }

  #readSize(bytes: Buffer, at: number, end: number): number {
    const upto = this.#collect(bytes, at, end, MAX_LINE);
    const line = this.#line;
    if (!line.endsWith('\n')) {
      if (!BEGUN.test(line))
        throw new BrokenAnswer(`it has a chunk of size ${JSON.stringify(line.slice(0, 40))}`);
      return upto;
    }
    if (!LINE.test(line))
      throw new BrokenAnswer(`it has a chunk of size ${JSON.stringify(line.slice(0, 40))}`);
    this.#left = Number.parseInt(line, 16);
    this.#state = this.#left === 0 ? TRAILERS : DATA;
    this.#line = '';
    return upto;
  }

  #readDataEnd(bytes: Buffer, at: number): number {
    const expected = this.#line === '' ? 0x0d : 0x0a;
    if (bytes[at] !== expected) throw new BrokenAnswer('it has a chunk that is longer than it says');
    if (expected === 0x0d) this.#line = '\r';
    else {
      this.#line = '';
      this.#state = SIZE;
    }
    return at + 1;
  }

  #readTrailers(bytes: Buffer, at: number, end: number): number {
    const upto = this.#collect(bytes, at, end, MAX_HEAD);
    const text = this.#line;
    if (text === '\r\n') this.trailers = [];
    else if (text.endsWith('\r\n\r\n')) this.trailers = parseTrailers(text.slice(0, -2));
    else checkTrailersBegun(text);
    return upto;
  }

  /** Adds bytes to the line, up to the first LF. */
  #collect(bytes: Buffer, at: number, end: number, most: number): number {
    const newline = bytes.indexOf(0x0a, at);
    const upto = newline < 0 || newline >= end ? end : newline + 1;
    this.#line += bytes.toString('latin1', at, upto);
    if (this.#line.length > most)
      throw new BrokenAnswer(`it has a line of more than ${most} bytes in its chunks`);
    return upto;
  }
}
