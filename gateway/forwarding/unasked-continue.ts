import type { Socket } from 'node:net';

/** `HTTP/1.1 100`: from here on the status decides. */
const STATUS_AT = 9;

/**
 * Keeps a 100 (Continue) that nobody asked for from undici, which takes it for a broken answer. A client must be able
 * to parse one and may ignore it (RFC 9110 §15.2.1). Returns what to call when a request is sent over this
 * connection: the next bytes begin an answer. A 100 whose head comes in pieces is not found, and stays an error.
 */
export function ignoreContinue(socket: Socket): () => void {
  const read = socket.read.bind(socket);
  let beginning = true;
  socket.read = (size?: number) => {
    let chunk = read(size) as Buffer | null;
    if (!beginning || chunk === null) return chunk;
    while (chunk !== null && isContinue(chunk)) {
      const end: number = chunk.indexOf('\r\n\r\n');
      if (end < 0) break;
      chunk = end + 4 < chunk.length ? chunk.subarray(end + 4) : (read(size) as Buffer | null);
    }
    if (chunk !== null) beginning = false;
    return chunk;
  };
  return () => (beginning = true);
}

/** Only the 100: other informational answers are passed on. */
function isContinue(chunk: Buffer): boolean {
  return (
    chunk[STATUS_AT] === 0x31 &&
    chunk[STATUS_AT + 1] === 0x30 &&
    chunk[STATUS_AT + 2] === 0x30 &&
    chunk[STATUS_AT + 3] === 0x20 &&
    chunk.toString('latin1', 0, STATUS_AT) === 'HTTP/1.1 '
  );
}
