import { pino } from 'pino';

/** Lines of JSON on stdout, written behind the back of whoever has more to do. */
export interface LineLog {
  write(line: object): void;
  /** Lines that were lost: whoever reads them is too slow, or stdout can't be written. */
  lost(): number;
  /** Writes what is left; what is left when the process ends otherwise is written as well. */
  close(): Promise<void>;
}

/** Bytes that are written at a time, and milliseconds after which fewer are. */
const BATCH = 8 * 1_024;
const AFTER = 500;
/** Bytes that wait for a slow reader; what comes then is lost. */
const MOST = 16 * 1_024 * 1_024;

export function openLineLog(name: string, fd = 1): LineLog {
  let lost = 0;
  const target = pino.destination({
    ...{ fd, sync: false, minLength: BATCH, maxLength: MOST, periodicFlush: AFTER },
  });
  target.on('drop', () => (lost += 1));
  // Without a listener, a full disk would end the process.
  target.on('error', () => (lost += 1));
  const log = pino({ base: { name, pid: process.pid } }, target);
  return {
    write: (line) => log.info(line),
    lost: () => lost,
    close: () =>
      new Promise((resolve) => {
        target.flush((error) => {
          if (error) lost += 1;
          resolve();
        });
      }),
  };
}
