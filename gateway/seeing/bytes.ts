import type { Socket } from 'node:net';

/** What was read from and written to a client's connection for one request, heads included. */
export interface Bytes {
  readonly received: number;
  readonly sent: number;
}

const COUNTED = Symbol('bytes of a connection that earlier requests have');

interface Counted {
  [COUNTED]?: { read: number; written: number };
}

/** What has come and gone over this connection since this was asked before. */
export function bytesSince(socket: Socket & Counted): Bytes {
  const { bytesRead: read = 0, bytesWritten: written = 0 } = socket;
  const before = socket[COUNTED];
  if (before === undefined) {
    socket[COUNTED] = { read, written };
    return { received: read, sent: written };
  }
  const bytes = { received: read - before.read, sent: written - before.written };
  before.read = read;
  before.written = written;
  return bytes;
}
