import { pino, type Logger } from 'pino';

export type Log = Logger;

/** JSON lines on stderr; `level` is pino's (`info` unless given). stdout stays free for what a command prints. */
export function openLog(name: string, level = 'info'): Log {
  return pino({ name, level, base: { name, pid: process.pid } }, pino.destination({ fd: 2, sync: true }));
}
