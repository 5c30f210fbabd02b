import type { ConsumerReport } from '../../consumer/index.ts';
import type { ConsumerFigures } from './lag-report.ts';

/** Longer silent than this, and a consumer's lag is unknown. Milliseconds. */
export const SILENT_AFTER = 10_000;

export interface ConsumerReading extends ConsumerFigures {
  readonly seenAgoMs: number | null;
  /** Why the lag is unknown. */
  readonly problem?: string;
}

/** The latest report of each consumer, in memory: after a restart they are unknown until they report again. */
export interface ConsumerReports {
  /** `databaseTime` is the outbox database's clock now, as well as it is known. Milliseconds since 1970. */
  take(application: string, report: ConsumerReport, databaseTime: number): void;
  read(application: string): ConsumerReading;
}

export function keepConsumerReports(now: () => number = Date.now): ConsumerReports {
  const latest = new Map<string, { lagMs: number | null; receivedAt: number }>();
  return {
    take(application, { lagMs, at }, databaseTime) {
      // A consumer's clock that is behind makes its events look younger than they are. That it seems behind by the
      // report's travel too makes the lag a little greater, never smaller.
      const behind = Math.max(0, databaseTime - Date.parse(at));
      latest.set(application, { lagMs: lagMs === null ? null : lagMs + behind, receivedAt: now() });
    },
    read(application) {
      const report = latest.get(application);
      const unknown = { consumerState: 'unknown', consumerLagMs: null } as const;
      if (!report)
        return { ...unknown, seenAgoMs: null, problem: 'it has not reported to this control plane' };
      const seenAgoMs = now() - report.receivedAt;
      if (seenAgoMs > SILENT_AFTER)
        return {
          ...unknown,
          seenAgoMs,
          problem: `it has been silent for ${Math.round(seenAgoMs / 1_000)} s`,
        };
      if (report.lagMs === null)
        return { ...unknown, seenAgoMs, problem: 'it runs, but can not tell its own lag; its log says why' };
      // Whatever was the oldest then may still be, and has grown older since.
      return { consumerState: 'known', consumerLagMs: Math.round(report.lagMs + seenAgoMs), seenAgoMs };
    },
  };
}
