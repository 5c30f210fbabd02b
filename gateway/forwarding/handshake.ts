import type { ClientRequest } from 'node:http';
import type { Socket } from 'node:net';
import type { Exchange, Failure, Outcome, UpstreamOptions } from './forwarder.ts';
import { lateMessage } from './patience.ts';

/** An upgrade from the client's asking to the upstream's answer. */
export interface Handshake {
  /** Never rejects; pending for ever once it is abandoned. */
  readonly outcome: Promise<Outcome>;
  /** Goes on with this request, which is on its way to the upstream. */
  watch(outgoing: ClientRequest): void;
  /** The upstream's answer goes to the client. */
  answered(status: number): void;
  /** There will be none. */
  failed(cause: Error): void;
  /** It is nobody's failure: the gateway itself ends it. */
  abandon(): void;
  isOver(): boolean;
}

/**
 * Follows one upgrade of this client. After a failure on the upstream's side the client's connection is as it was, so
 * that somebody else can answer.
 */
export function openHandshake(
  socket: Socket,
  {
    timeout,
    connectTimeout,
    times,
  }: Pick<UpstreamOptions, 'timeout' | 'connectTimeout'> & Pick<Exchange, 'times'>,
): Handshake {
  let settle: (outcome: Outcome) => void;
  const outcome = new Promise<Outcome>((resolve) => (settle = resolve));
  let over = false;
  let phase: 'connect' | 'head' = 'connect';
  let late = false;
  let timer: NodeJS.Timeout | undefined;
  let request: ClientRequest | undefined;
  const stopWatching = watchEnd(socket);
  // httpxy ends the client's connection when the upstream fails; that is not for it to say.
  Object.defineProperty(socket, 'end', { value: () => socket, configurable: true });
  const release = () => {
    for (const name of ['end', 'writable'] as const) Reflect.deleteProperty(socket, name);
  };
  const finish = () => {
    over = true;
    clearTimeout(timer);
    stopWatching();
  };
  const giveUpAfter = (milliseconds: number | undefined, message: (milliseconds: number) => string) => {
    clearTimeout(timer);
    if (milliseconds === undefined) return;
    timer = setTimeout(() => {
      late = true;
      request!.destroy(new Error(message(milliseconds)));
    }, milliseconds);
  };

  return {
    outcome,
    watch(outgoing) {
      request = outgoing;
      socket.once('close', () => outgoing.destroy());
      giveUpAfter(connectTimeout, (limit) => `no connection within ${limit} ms`);
      const connected = () => {
        phase = 'head';
        if (times) times.sent = performance.now();
        if (!over) giveUpAfter(timeout, lateMessage);
      };
      outgoing.once('socket', (other) =>
        other.once('encrypted' in other ? 'secureConnect' : 'connect', connected),
      );
    },
    answered(status) {
      if (times) times.head = performance.now();
      finish();
      release();
      settle({ ok: true, status });
    },
    failed(cause) {
      const side = sideOf(socket);
      finish();
      // Then httpxy passes no answer on that can't be one.
      Object.defineProperty(socket, 'writable', { value: false, configurable: true });
      // Only when httpxy is through with its own way of ending it, and for good.
      queueMicrotask(() => {
        request?.removeAllListeners('error').on('error', () => {});
        release();
        settle({ ok: false, failure: { side, phase, late, stale: false, cause } });
      });
    },
    abandon() {
      finish();
      release();
    },
    isOver: () => over,
  };
}

/** Who ended it, where one end's closing takes the other with it. */
export function sideOf({ destroyed, errored, readableEnded }: Socket): Failure['side'] {
  return destroyed || errored || readableEnded ? 'client' : 'upstream';
}

/** Nobody reads the client's socket while it waits for the upstream; without this its going away would go unseen. */
function watchEnd(socket: Socket): () => void {
  const look = () => void socket.read(0);
  const end = () => socket.destroy();
  socket.on('readable', look).once('end', end);
  return () => socket.off('readable', look).off('end', end);
}
