import { connect, createServer, type AddressInfo } from 'node:net';
import { parentPort, Worker, workerData } from 'node:worker_threads';

/** A TCP proxy before a database that has no SKIP LOCKED: MariaDB before 10.6, MySQL before 8.0. */
export interface SkipLockedTap {
  /** The server's URL with the tap's address in it. */
  readonly url: string;
  stop(): Promise<void>;
}

const [COM_QUERY, COM_STMT_PREPARE] = [0x03, 0x16];

/**
 * Starts one in a thread of its own, so that a busy test doesn't slow the database down. A statement with SKIP LOCKED
 * gets the server's own ER_PARSE_ERROR, in its turn: the tap makes one word of the two, which no server knows. All else
 * passes as it is. It reads the plain protocol: without TLS and compression.
 */
export async function startSkipLockedTap(server: string): Promise<SkipLockedTap> {
  const { hostname, port } = new URL(server);
  const worker = new Worker(new URL(import.meta.url), {
    workerData: { tapBefore: { hostname, port: Number(port) } },
  });
  const address = await new Promise<AddressInfo>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  worker.unref();
  return {
    url: server.replace(`${hostname}:${port}`, `127.0.0.1:${address.port}`),
    stop: async () => void (await worker.terminate()),
  };
}

/** Takes what a client sends, piece by piece, and gives back whole packets. */
export function untapped(): (chunk: Buffer) => Buffer {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let end = 0;
    while (rest.length >= end + 4 && rest.length >= end + 4 + rest.readUIntLE(end, 3)) {
      const start = end;
      end += 4 + rest.readUIntLE(start, 3);
      reject(rest.subarray(start, end));
    }
    const whole = rest.subarray(0, end);
    rest = rest.subarray(end);
    return whole;
  };
}

/** A command is the first packet of its exchange, number 0; what follows in a handshake has other numbers. */
function reject(packet: Buffer): void {
  if (packet[3] !== 0 || (packet[4] !== COM_QUERY && packet[4] !== COM_STMT_PREPARE)) return;
  for (const { 0: words, index } of packet.toString('latin1').matchAll(/\bskip\s+locked\b/gi))
    packet.fill('_', index + 4, index + words.length - 6);
}

function serve({ hostname, port }: { hostname: string; port: number }): void {
  const server = createServer((near) => {
    const far = connect(port, hostname);
    const whole = untapped();
    near.setNoDelay();
    far.setNoDelay();
    near.on('data', (chunk) => {
      if (!far.write(whole(chunk))) near.pause();
    });
    far.on('drain', () => near.resume());
    far.pipe(near);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.on('error', () => {});
      one.on('close', () => other.destroy());
    }
  });
  server.listen(0, '127.0.0.1', () => parentPort!.postMessage(server.address(), []));
}

// In the thread that startSkipLockedTap starts, and nowhere else.
const { tapBefore } = (workerData ?? {}) as { tapBefore?: { hostname: string; port: number } };
if (tapBefore) serve(tapBefore);
