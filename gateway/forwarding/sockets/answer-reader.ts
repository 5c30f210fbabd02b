import { MAX_HEAD } from '../forwarder.ts';
import { checkBegun, parseHead, type AnswerHead } from './answer-head.ts';
import { BrokenAnswer } from './broken-answer.ts';
import { ChunkedBody } from './chunked-body.ts';
import { CHUNKED, UNTIL_CLOSE } from './answer-framing.ts';

/** Who gets an answer, piece by piece. */
export interface AnswerSink {
  /** Whether it answers HEAD. */
  readonly toHead: boolean;
  /** An informational answer. */
  information(status: number, fields: readonly string[]): void;
  /** The final answer begins. */
  head(head: AnswerHead): void;
  /** Valid during the call only. */
  data(chunk: Buffer): void;
  /** The whole of a body that came in one piece with its head, with a character for each byte, instead of `data`. */
  whole(body: string): void;
  /** Nothing more comes; trailers as a raw list. */
  end(trailers: readonly string[]): void;
}

/** Bytes of an answer that is read as text, head and body at once. */
const SMALL = 16 * 1024;
const NONE: readonly string[] = [];

const EMPTY_LINES = /^(?:\r\n)+/;

const HEAD = 0;
const SIZED = 1;
const CHUNKS = 2;
const REST = 3;

/** Reads the answers of one connection, one after the other, however their bytes come in pieces. */
export class AnswerReader {
  #sink: AnswerSink | undefined;
  #state = HEAD;
  #begun = '';
  #left = 0;
  #chunks: ChunkedBody | undefined;
  /** Whether a byte of the answer has come. */
  started = false;
  /** What the last head says. */
  last: AnswerHead | undefined;

  /** Whether nobody waits for an answer. */
  get over(): boolean {
    return this.#sink === undefined;
  }

  /** The next bytes are this one's answer. */
  expect(sink: AnswerSink): void {
    this.#sink = sink;
    this.#state = HEAD;
    this.#begun = '';
    this.started = false;
    this.last = undefined;
  }

  /**
   * Takes the first `count` bytes. Returns how many are left over: bytes that nobody asked for, after which the
   * connection is no use. Throws BrokenAnswer, and what the sink throws.
   */
  read(bytes: Buffer, count: number): number {
    let at = 0;
    while (at < count) {
      const sink = this.#sink;
      if (sink === undefined) return count - at;
      this.started = true;
      switch (this.#state) {
        case HEAD:
          at = this.#readHead(sink, bytes, at, count);
          break;
        case SIZED: {
          const upto = Math.min(count, at + this.#left);
          this.#left -= upto - at;
          sink.data(bytes.subarray(at, upto));
          if (this.#left === 0) this.#end(sink, NONE);
          at = upto;
          break;
        }
        case CHUNKS: {
          const chunks = this.#chunks!;
          at = chunks.read(bytes, at, count);
          if (chunks.trailers !== undefined) this.#end(sink, chunks.trailers);
          break;
        }
        default:
          sink.data(bytes.subarray(at, count));
          at = count;
      }
    }
    return 0;
  }

  /** The connection has ended in peace. Returns whether an answer ended with it. */
  close(): boolean {
    const sink = this.#sink;
    if (sink === undefined || this.#state !== REST) return false;
    this.#end(sink, NONE);
    return true;
  }

  #readHead(sink: AnswerSink, bytes: Buffer, at: number, count: number): number {
    // A long packet is the beginning of a long body: its head is in the first bytes, or all are looked at.
    let upto = Math.min(count, at + SMALL);
    let text = this.#withBegun(bytes.toString('latin1', at, upto));
    let end = text.indexOf('\r\n\r\n');
    if (end < 0 && upto < count) {
      upto = count;
      text = this.#withBegun(bytes.toString('latin1', at, upto));
      end = text.indexOf('\r\n\r\n');
    }
    if (end < 0 ? text.length > MAX_HEAD : end + 4 > MAX_HEAD)
      throw new BrokenAnswer(`its head is longer than ${MAX_HEAD} bytes`);
    if (end < 0) {
      checkBegun(text);
      this.#begun = text;
      return upto;
    }
    const head = parseHead(text.slice(0, end + 2), sink.toHead);
    this.#begun = '';
    const next = upto - (text.length - end - 4);
    if (head.status < 200) {
      if (head.status === 101) throw new BrokenAnswer('it changes to a protocol that nobody asked for');
      sink.information(head.status, head.fields);
      return next;
    }
    this.last = head;
    const { length } = head;
    sink.head(head);
    if (length > 0 && upto === count && text.length === end + 4 + length) {
      sink.whole(text.slice(end + 4));
      this.#end(sink, NONE);
      return count;
    }
    if (length === 0) this.#end(sink, NONE);
    else if (length === CHUNKED) {
      this.#state = CHUNKS;
      this.#chunks = new ChunkedBody(sink);
    } else if (length === UNTIL_CLOSE) this.#state = REST;
    else {
      this.#state = SIZED;
      this.#left = length;
    }
    return next;
  }

  /** Empty lines before a head mean nothing; old servers send one after a body. */
  #withBegun(more: string): string {
    const text = this.#begun + more;
    return text.charCodeAt(0) === 0x0d ? text.replace(EMPTY_LINES, '') : text;
  }

  #end(sink: AnswerSink, trailers: readonly string[]): void {
    this.#sink = undefined;
    this.#chunks = undefined;
    sink.end(trailers);
  }
}
