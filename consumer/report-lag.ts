import type { HeartbeatReading } from './heartbeats.ts';
import type { HeldFigures } from './held-events.ts';
import type { Log } from '../runtime/log.ts';
import { wait } from '../runtime/wait.ts';

/** Where the consumer reports to: the admin API's URL and one of its bearer tokens. */
export interface ReportTo {
  readonly url: string;
  readonly token: string;
}

/** What a consumer says of itself; `lagMs` null is "unknown". */
export interface ConsumerReport {
  readonly lagMs: number | null;
  /** The stream that it reads; absent where the consumer is of an older version. */
  readonly stream?: string | undefined;
  readonly shards: number;
  readonly handledTotal: number;
  /** By outbox whose heartbeats have come; absent where the consumer knows of no heartbeats. */
  readonly heartbeats?: readonly HeartbeatReading[] | undefined;
  /** What it holds by numbers; null when it can't say, absent where it keeps no numbers, or is of an older version. */
  readonly held?: HeldFigures | null | undefined;
  /** RFC 3339, by the consumer's clock, taken with `lagMs`. */
  readonly at: string;
}

/** The operator reads the last report and its age: the more often, the less is added to what is true. */
const EVERY = 250;
const RETRY = 1_000;
const TIMEOUT = 2_000;

/** Reports four times a second until `signal` aborts. A report that fails disturbs nothing: it is logged once per outage. */
export async function reportLag(
  { url, token }: ReportTo,
  application: string,
  report: () => ConsumerReport,
  { log, signal }: { log: Log; signal: AbortSignal },
): Promise<void> {
  const address = new URL(`/v1/consumers/${application}`, url);
  let failing = false;
  while (!signal.aborted) {
    try {
      const answer = await fetch(address, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        body: JSON.stringify(report()),
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT)]),
      });
      await answer.body?.cancel();
      if (!answer.ok) throw new Error(`${address} answered ${answer.status}`);
      if (failing) log.info({ url }, 'the lag is reported again');
      failing = false;
    } catch (error) {
      if (signal.aborted) return;
      if (!failing)
        log.warn({ err: error, url }, 'the lag can not be reported; the admin API shows it as unknown');
      failing = true;
    }
    await wait(failing ? RETRY : EVERY, signal);
  }
}
