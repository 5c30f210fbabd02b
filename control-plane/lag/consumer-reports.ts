import type { ConsumerReport, HeartbeatReading, HeldFigures } from '../../consumer/index.ts';
import type { ConsumerFigures } from './lag-report.ts';

/** Longer silent than this, and a consumer's lag is unknown. Milliseconds. */
export const SILENT_AFTER = 10_000;

export interface ConsumerReading extends ConsumerFigures {
  readonly seenAgoMs: number | null;
  /** Null: nobody knows any more; absent where it has told of none. */
  readonly held?: HeldFigures | null;
  /** Why the lag is unknown. */
  readonly problem?: string;
}

/** What a consumer told of one outbox's heartbeats. */
export interface HeartbeatsTold {
  /** When it told of one last, else when it first reported; by this process' clock. */
  readonly since: number;
  /** Undefined when it has told of none of this outbox. */
  readonly reading: HeartbeatReading | undefined;
}

/** The latest report of each consumer, in memory: after a restart they are unknown until they report again. */
export interface ConsumerReports {
  /** `databaseTime` is the outbox database's clock now, as well as it is known. Milliseconds since 1970. */
  take(application: string, report: ConsumerReport, databaseTime: number): void;
  /** Of the consumer that reads `stream`; of any of this application where that isn't known. */
  read(application: string, stream?: string): ConsumerReading;
  /** Undefined when it has not reported. `outbox` is the name of a database; cases don't count. */
  heartbeats(application: string, outbox: string, stream?: string): HeartbeatsTold | undefined;
}

interface Kept {
  readonly lagMs: number | null;
  readonly held: HeldFigures | null | undefined;
  readonly receivedAt: number;
  readonly first: number;
  readonly heartbeats: readonly HeartbeatReading[];
  /** By outbox, when it told of a heartbeat last. */
  readonly toldAt: ReadonlyMap<string, number>;
}

export function keepConsumerReports(now: () => number = Date.now): ConsumerReports {
  /** By application, and by stream: '' is one that didn't say which it reads. */
  const latest = new Map<string, Map<string, Kept>>();

  function find(application: string, stream: string | undefined): Kept | undefined {
    const reports = latest.get(application) ?? new Map<string, Kept>();
    if (stream !== undefined) return reports.get(stream) ?? reports.get('');
    return [...reports.values()].toSorted((a, b) => b.receivedAt - a.receivedAt)[0];
  }

  return {
    take(application, { lagMs, held, at, heartbeats = [], stream = '' }, databaseTime) {
      // A consumer's clock that is behind makes its events look younger than they are. That it seems behind by the
      // report's travel too makes the lag a little greater, never smaller.
      const behind = Math.max(0, databaseTime - Date.parse(at));
      const reports = latest.get(application) ?? new Map<string, Kept>();
      latest.set(application, reports);
      const before = reports.get(stream);
      const receivedAt = now();
      reports.set(stream, {
        lagMs: lagMs === null ? null : lagMs + behind,
        held,
        receivedAt,
        first: before?.first ?? receivedAt,
        heartbeats,
        toldAt: new Map([
          ...(before?.toldAt ?? []),
          ...heartbeats.map((one) => [nameOf(one.outbox), receivedAt] as const),
        ]),
      });
    },
    heartbeats(application, outbox, stream) {
      const told = find(application, stream);
      const name = nameOf(outbox);
      return (
        told && {
          since: told.toldAt.get(name) ?? told.first,
          reading: told.heartbeats.find((one) => nameOf(one.outbox) === name),
        }
      );
    },
    read(application, stream) {
      const report = find(application, stream);
      const unknown = { consumerState: 'unknown', consumerLagMs: null } as const;
      if (!report) {
        const others = [...(latest.get(application)?.keys() ?? [])];
        const problem =
          others.length === 0
            ? 'it has not reported to this control plane'
            : `it reads stream ${others.join(', ')}, and the events go to ${stream}`;
        return { ...unknown, seenAgoMs: null, problem };
      }
      const seenAgoMs = now() - report.receivedAt;
      if (seenAgoMs > SILENT_AFTER)
        return {
          ...unknown,
          ...(report.held === undefined ? {} : { held: null }),
          seenAgoMs,
          problem: `it has been silent for ${Math.round(seenAgoMs / 1_000)} s`,
        };
      const held = report.held === undefined ? {} : { held: grown(report.held, seenAgoMs) };
      if (report.lagMs === null)
        return {
          ...unknown,
          ...held,
          seenAgoMs,
          problem: 'it runs, but can not tell its own lag; its log says why',
        };
      // Whatever was the oldest then may still be, and has grown older since.
      return {
        consumerState: 'known',
        consumerLagMs: Math.round(report.lagMs + seenAgoMs),
        ...held,
        seenAgoMs,
      };
    },
  };
}

/** What was held then may still be, and has grown older since. */
function grown(held: HeldFigures | null, byMs: number): HeldFigures | null {
  const older = (age: number | null) => (age === null ? null : Math.round(age + byMs));
  return (
    held && {
      ...held,
      oldestWaitingMs: older(held.oldestWaitingMs),
      oldestParkedMs: older(held.oldestParkedMs),
    }
  );
}

/** Of a database; cases don't count. */
const nameOf = (outbox: string) => outbox.toLowerCase();
