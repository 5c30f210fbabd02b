import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';

let reading: Promise<Map<string, number>> | undefined;

/**
 * Bytes that were written to this socket and that the other side's kernel has not acknowledged. Undefined where
 * nobody can tell: outside of Linux, and for a socket that is closed.
 *
 * Node calls a write done when the kernel has it, and the kernel takes some 4 MB before it makes the writer wait:
 * seconds of a slow reader's work. Linux shows the rest in /proc/net/tcp (proc_net_tcp.txt, `tx_queue`).
 */
export async function sendQueue(socket: Socket): Promise<number | undefined> {
  const { localPort, remotePort } = socket;
  if (localPort === undefined || remotePort === undefined) return undefined;
  // Whoever asks while the table is being read gets the same reading.
  reading ??= readQueues().finally(() => (reading = undefined));
  return (await reading).get(`${localPort} ${remotePort}`);
}

/** By local and remote port. Two connections with the same two ports (to two hosts) count as one: the greater. */
async function readQueues(): Promise<Map<string, number>> {
  const queues = new Map<string, number>();
  const tables = await Promise.all(
    ['/proc/net/tcp', '/proc/net/tcp6'].map((file) => readFile(file, 'latin1').catch(() => '')),
  );
  for (const [, local, remote, queue] of tables.join('').matchAll(LINE)) {
    const key = `${Number.parseInt(local!, 16)} ${Number.parseInt(remote!, 16)}`;
    queues.set(key, Math.max(queues.get(key) ?? 0, Number.parseInt(queue!, 16)));
  }
  return queues;
}

/** `  12: 0100007F:1F90 0100007F:D2C4 01 00000000:00000000 …`: addresses with ports, state, both queues. */
const LINE = /^ *\d+: [0-9A-F]+:([0-9A-F]{4}) [0-9A-F]+:([0-9A-F]{4}) [0-9A-F]{2} ([0-9A-F]{8}):/gm;
