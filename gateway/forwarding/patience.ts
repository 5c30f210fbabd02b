import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import { sendQueue } from './send-queue.ts';

/** How long the gateway waits for one answer. */
export interface Patience {
  /** The request's body goes there, and is the upstream's to take. */
  uploads(body: Writable): void;
  /** The whole request has been written to this socket: from here the upstream's time counts. */
  sent(socket: Socket | undefined): void;
  /** The answer is there, or nobody waits for it any more. */
  end(): void;
}

/** Milliseconds in which an upstream with a `timeout` takes something of a body at least. */
export const STALL = 60_000;
/** Milliseconds between two looks at what the upstream has not taken yet. */
const LOOK = 1_000;
/** A body of this many bytes goes into any upstream's receive window at once. */
const SMALL = 64 * 1024;

/** What a slow reader's own kernel may hold for it after ours has got rid of everything, in bytes. Nobody can see it. */
const RECEIVE_QUEUE = 1024 * 1024;

interface Reading {
  readonly at: number;
  readonly left: number;
}

/** Milliseconds for that queue at the pace seen, and no more than the pace was watched for. */
function ownQueue(first: Reading, last: Reading): number {
  const watched = last.at - first.at;
  return Math.min(watched, (RECEIVE_QUEUE * watched) / first.left);
}

/** Why an exchange is given up that has no answer. */
export function lateMessage(timeout: number): string {
  return `no answer within ${timeout} ms`;
}

const ENDLESS: Patience = { uploads() {}, sent() {}, end() {} };

/**
 * Calls `over`, once, with the reason: when the answer is not there `timeout` milliseconds after the upstream got the
 * request's last byte (later by up to some seconds after a large body that was taken slowly), or when it takes nothing of the body for
 * `stall` milliseconds. It waits for ever without a timeout, and for a client that sends its body slowly.
 */
export function openPatience(
  request: IncomingMessage,
  {
    timeout,
    stall = Math.max(STALL, timeout ?? 0),
  }: { timeout: number | undefined; stall?: number | undefined },
  over: (reason: Error) => void,
): Patience {
  if (timeout === undefined) return ENDLESS;
  let timer: NodeJS.Timeout | undefined;
  let size = 0;
  let written = false;
  let ended = false;
  const end = () => {
    ended = true;
    clearTimeout(timer);
  };
  const give = (message: string) => {
    end();
    over(new Error(message));
  };
  const again = (milliseconds: number, then: () => void) => {
    clearTimeout(timer);
    if (!ended) timer = setTimeout(then, milliseconds);
  };
  const stalled = () => give(`it took nothing of the request's body for ${stall} ms`);
  const awaitAnswer = (more = 0) => again(timeout + more, () => give(lateMessage(timeout)));
  /** The answer's time begins when our kernel has got rid of everything. */
  const awaitTaking = async (socket: Socket, first?: Reading, last?: Reading) => {
    const left = (await sendQueue(socket)) ?? 0;
    const now = { at: performance.now(), left };
    if (ended) return;
    if (left === 0) return awaitAnswer(first ? ownQueue(first, now) : 0);
    const moved = !last || left < last.left ? now : last;
    if (now.at - moved.at > stall) return stalled();
    again(Math.min(LOOK, stall), () => void awaitTaking(socket, first ?? now, moved));
  };
  return {
    uploads(body) {
      request.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (body.writableNeedDrain) again(stall, stalled);
      });
      body.on('drain', () => {
        if (!written) clearTimeout(timer);
      });
    },
    sent(socket) {
      written = true;
      if (size <= SMALL || !socket) awaitAnswer();
      else void awaitTaking(socket);
    },
    end,
  };
}
