import type { Log } from '../../runtime/log.ts';

/** Logs an outage once when it begins and once when it is over, not at every try. */
export function outage(
  log: Log,
  begins: string,
  ends: string,
): { fails(error: unknown): void; over(): void } {
  let away = false;
  return {
    fails(error) {
      if (!away) log.warn({ err: error }, begins);
      away = true;
    },
    over() {
      if (away) log.info(ends);
      away = false;
    },
  };
}
