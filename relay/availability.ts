import type { Log } from '../runtime/log.ts';

/** Whether something that the relay needs is there: logged when it goes and when it comes back, not in between. */
export interface Availability {
  /** With an error it is away, without one it is there. */
  report(error?: unknown): void;
  /** Why it can't be used; undefined while it can. */
  reason(): string | undefined;
}

export function trackAvailability(log: Log, what: string): Availability {
  let reason: string | undefined;
  return {
    report(error) {
      const found = error === undefined ? undefined : describe(error);
      if (found !== undefined && reason === undefined) log.error({ err: error }, `${what}: ${found}`);
      if (found === undefined && reason !== undefined) log.info(`${what}: it works again`);
      reason = found;
    },
    reason: () => (reason === undefined ? undefined : `${what}: ${reason}`),
  };
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // What the AWS SDK says of a request that was given up tells nobody why.
  if (['AbortError', 'TimeoutError'].includes(error.name)) return `no answer in time (${error.message})`;
  const code = 'code' in error ? String(error.code) : '';
  return [error.message || error.name, ...(code && !error.message.includes(code) ? [code] : [])].join(' ');
}
