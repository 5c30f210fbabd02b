import type { AnswerObserver } from '../forwarding/forwarder.ts';
import type { Budget } from './budget.ts';
import type { CapturedAnswer } from './compare-answer.ts';

/** `truncated`: its body is longer than the limit. `no-room`: all answers together are. `broken`: it has no end. */
export type CaptureEnd = 'whole' | 'truncated' | 'no-room' | 'broken';

/** Keeps a copy of an answer as it passes. */
export interface Capture extends AnswerObserver {
  /** The copy, once it is whole; the bytes stay taken until `free`. */
  answer(): CapturedAnswer | undefined;
  /** Gives everything back, and takes no more. */
  free(): void;
}

export interface CaptureOptions {
  readonly method: string;
  /** The most of a body that is kept, in bytes. */
  readonly limit: number;
  readonly budget: Budget;
  readonly onHead?: (status: number, fields: readonly string[]) => void;
  /** Called once, unless it is freed before. */
  readonly onEnd: (how: CaptureEnd) => void;
}

export function openCapture({ method, limit, budget, onHead, onEnd }: CaptureOptions): Capture {
  let head: { status: number; fields: readonly string[] } | undefined;
  let chunks: Buffer[] = [];
  let size = 0;
  let over = false;
  const free = () => {
    over = true;
    budget.release(size);
    size = 0;
    chunks = [];
  };
  const end = (how: CaptureEnd) => {
    if (over) return;
    if (how !== 'whole') free();
    over = true;
    onEnd(how);
  };
  return {
    head(status, fields) {
      if (over) return;
      head = { status, fields: [...fields] };
      onHead?.(status, fields);
      if (method !== 'HEAD' && declaredLength(fields) > limit) end('truncated');
    },
    data(chunk) {
      if (over) return;
      if (size + chunk.length > limit) return end('truncated');
      if (!budget.take(chunk.length)) return end('no-room');
      size += chunk.length;
      // What comes is a part of a larger buffer that others use on.
      chunks.push(Buffer.from(chunk));
    },
    end: (complete) => end(complete && head ? 'whole' : 'broken'),
    answer() {
      if (!head) return undefined;
      // Of its own, so that it can be handed to another thread without a copy.
      const body = new Uint8Array(size);
      let at = 0;
      for (const chunk of chunks) {
        body.set(chunk, at);
        at += chunk.length;
      }
      chunks = [];
      return { ...head, body };
    },
    free,
  };
}

function declaredLength(fields: readonly string[]): number {
  for (let index = 0; index < fields.length; index += 2)
    if (fields[index]!.toLowerCase() === 'content-length') return Number(fields[index + 1]);
  return 0;
}
