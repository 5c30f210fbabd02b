import { HEARTBEAT } from '../outbox/event.ts';
import type { PoisonPolicy } from '../outbox/poison-policy.ts';
import type { Log } from '../runtime/log.ts';
import type { Leases } from './leases.ts';
import type { RelayMetrics } from './metrics.ts';
import type { Overlaps } from './overlaps.ts';
import type { Heartbeats } from './send-heartbeats.ts';
import type { Result, SettlerOptions } from './settler.ts';
import type { StreamFlows } from './stream-flows.ts';

export interface OverParts {
  readonly flows: Pick<StreamFlows, 'of'>;
  readonly leases: Pick<Leases, 'doubt'>;
  readonly overlaps: Overlaps;
  readonly metrics: RelayMetrics;
  /** By stream. */
  readonly beats: ReadonlyMap<string, Heartbeats>;
  /** Of each type, how many events were settled; counted up. */
  readonly settledByType: Record<string, number>;
  readonly onPoison: PoisonPolicy;
  readonly log: Log;
}

/** What follows when it is written down what has become of a row, or when that is another relay's now. */
export function onOver(parts: () => OverParts): SettlerOptions['onOver'] {
  return ({ row, how, stream, ...under }: Result, written) => {
    const { flows, leases, overlaps, metrics, beats, settledByType, onPoison, log } = parts();
    const flow = flows.of(stream);
    if (flow.window.settled(row)) flow.wake();
    if (!written) {
      leases.doubt(under);
      return metrics.abandoned.inc();
    }
    // A paused type is told of once, not for each key.
    if (how.kind === 'parked' && how.paused) return;
    if (how.kind === 'parked') {
      overlaps.parked(row.key, row.id);
      const what = onPoison(row) === 'skip' ? 'skipped' : 'parked';
      log.error({ event: row.id, key: row.key, reason: how.reason }, `${what}: ${how.reason}`);
      return metrics[what].inc();
    }
    overlaps.settled(row.key, row.id);
    if (row.type === HEARTBEAT) return beats.get(stream)?.settled(row.key);
    if (how.kind === 'silent') metrics.silent.inc();
    settledByType[row.type] = (settledByType[row.type] ?? 0) + 1;
  };
}
