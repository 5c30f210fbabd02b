import {
  noteConsumerLag,
  type ConsumerLagSample,
  type LagFigure,
} from '../../outbox/consumer-lag-history.ts';
import { forgetLag } from '../../outbox/lag-history.ts';
import type { Database } from '../../runtime/database.ts';
import type { Log } from '../../runtime/log.ts';
import { wait } from '../../runtime/wait.ts';
import type { ContextLag, LagReport } from './lag-report.ts';

export interface KeepOptions {
  readonly database: Database;
  readonly report: () => Pick<LagReport, 'contexts'>;
  readonly log: Log;
  /** Milliseconds between two looks. Default 20,000: the history has minutes, and each is looked at three times. */
  readonly every?: number;
}

/** Milliseconds between two times that old minutes are deleted. */
const FORGET_EVERY = 3_600_000;

/**
 * Writes down how far each consumer is behind, for the history. It is this process that consumers report to, so what it has
 * not heard of is nothing that it could write. A look that can't be written is a gap; publishing needs none of it.
 */
export function keepConsumerLag({ database, report, log, every = 20_000 }: KeepOptions): {
  stop(): Promise<void>;
} {
  const stopping = new AbortController();
  let failing = false;
  let forgottenAt = -Infinity;
  const loop = (async () => {
    while (!stopping.signal.aborted) {
      await wait(every, stopping.signal);
      if (stopping.signal.aborted) return;
      try {
        await noteConsumerLag(database, report().contexts.flatMap(samplesOf));
        if (performance.now() - forgottenAt > FORGET_EVERY) {
          await forgetLag(database, { from: 'banyan_outbox_consumer_lag', stop: stopping.signal });
          forgottenAt = performance.now();
        }
        if (failing) log.info('the history of the consumer lag is kept again');
        failing = false;
      } catch (error) {
        if (!failing)
          log.warn(
            { err: error },
            'the history of the consumer lag can not be kept; `banyan install outbox --print` has the table and the rights',
          );
        failing = true;
      }
    }
  })();
  return {
    async stop() {
      stopping.abort();
      await loop;
    },
  };
}

/** Nothing of a consumer that isn't configured, has told this process nothing, or has no heartbeats to expect. */
export function samplesOf(context: ContextLag): ConsumerLagSample[] {
  const { name, consumerState, consumerLagMs, consumerSeenAgoMs, endToEndState, endToEndMs } = context;
  if (consumerSeenAgoMs === null) return [];
  const sample = (figure: LagFigure, state: typeof consumerState, ageMs: number | null) =>
    state === 'none' ? [] : [{ context: name, figure, ageMs: ageMs === null ? null : Math.ceil(ageMs) }];
  return [...sample('consumer', consumerState, consumerLagMs), ...sample('whole', endToEndState, endToEndMs)];
}
