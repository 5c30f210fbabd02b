import { pino, type Logger } from 'pino';
import { loggedError } from './logged-error.ts';

export type Log = Logger;

/** JSON lines on stderr; `level` is pino's (`info` unless given). stdout stays free for what a command prints. */
export function openLog(name: string, level = 'info'): Log {
  return pino(
    { name, level, base: { name, pid: process.pid }, serializers: { err: loggedError } },
    pino.destination({ fd: 2, sync: true }),
  );
}

/** The same log, whose errors are without the data that was being written: for one that somebody else has opened. */
export function withoutData(log: Log): Log {
  return log.child({}, { serializers: { err: loggedError } });
}
