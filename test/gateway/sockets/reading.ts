import type { AnswerHead } from '../../../gateway/forwarding/sockets/answer-head.ts';
import { AnswerReader } from '../../../gateway/forwarding/sockets/answer-reader.ts';
import { BrokenAnswer } from '../../../gateway/forwarding/sockets/broken-answer.ts';

/** What was read of one answer. */
export interface Read {
  is: 'whole' | 'broken' | 'waiting';
  status: number | undefined;
  reason: string;
  fields: string[];
  body: string;
  trailers: string[];
  informations: [number, string[]][];
  keepAlive: boolean | undefined;
  /** Bytes after it, which nobody asked for. */
  left: number;
  why: string | undefined;
}

/** Reads one answer from these pieces; with `closes` the connection ends behind them. */
export function readAnswer(
  pieces: readonly (string | Buffer)[],
  { toHead = false, closes = true }: { toHead?: boolean; closes?: boolean } = {},
): Read {
  const read: Read = {
    ...{ is: 'waiting', status: undefined, reason: '', fields: [], body: '', trailers: [], informations: [] },
    ...{ keepAlive: undefined, left: 0, why: undefined },
  };
  const reader = new AnswerReader();
  // The gateway's one buffer for all: what is kept of it must have been copied.
  const shared = Buffer.alloc(64 * 1024);
  reader.expect({
    toHead,
    information: (status, fields) => void read.informations.push([status, [...fields]]),
    head({ status, reason, fields, keepAlive }: AnswerHead) {
      Object.assign(read, { status, reason, fields, keepAlive });
    },
    data: (chunk) => void (read.body += chunk.toString('latin1')),
    whole: (body) => void (read.body += body),
    end(trailers) {
      read.trailers = [...trailers];
      read.is = 'whole';
    },
  });
  try {
    for (const piece of pieces) {
      const bytes = typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece;
      for (let at = 0; at < bytes.length; at += shared.length) {
        const count = bytes.copy(shared, 0, at);
        read.left += reader.read(shared, count);
        shared.fill(0x5a, 0, count);
      }
    }
    if (closes && !reader.over && !reader.close()) read.is = 'broken';
  } catch (error) {
    if (!(error instanceof BrokenAnswer)) throw error;
    read.is = 'broken';
    read.why = error.message;
  }
  return read;
}
