import { Counter, Gauge, type Registry } from 'prom-client';
import type { FollowCause } from '../../contexts/index.ts';

export interface OwnWritesMetrics {
  wrote(context: string): void;
  /** An answer went out although Redis had not confirmed that its client has written. */
  unconfirmed(context: string): void;
  followed(context: string, cause: FollowCause): void;
}

/** `lags`: of each context with `maxLag`, how far its consumer is behind, in milliseconds; undefined is unknown. */
export function ownWritesMetrics(
  registry: Registry,
  lags: () => Iterable<readonly [string, number | undefined]>,
): OwnWritesMetrics {
  const registers = [registry];
  const labelNames = ['context'] as const;
  const writes = new Counter({
    name: 'banyan_gateway_own_writes_total',
    help: 'Requests after which reads of the context follow the owner of the writes.',
    ...{ labelNames, registers },
  });
  const unconfirmed = new Counter({
    name: 'banyan_gateway_own_writes_unconfirmed_total',
    help: 'Those whose answer went out before Redis had confirmed them: other gateways know of them by cookie alone.',
    ...{ labelNames, registers },
  });
  const followed = new Counter({
    name: 'banyan_gateway_followed_reads_total',
    help: 'Reads sent to the owner of the writes against their stage: after a write, unknown whether there was one, or for the lag.',
    labelNames: ['context', 'cause'] as const,
    registers,
  });
  new Gauge({
    name: 'banyan_gateway_context_lag_seconds',
    help: 'How far the consumer is behind the outbox, as this gateway knows; of contexts with maxLag.',
    ...{ labelNames, registers },
    collect() {
      this.reset();
      for (const [context, lag] of lags())
        this.set({ context }, lag === undefined ? Number.NaN : lag / 1_000);
    },
  });
  return {
    wrote: (context) => writes.inc({ context }),
    unconfirmed: (context) => unconfirmed.inc({ context }),
    followed: (context, cause) => followed.inc({ context, cause }),
  };
}
