import type { Database } from '../../runtime/database.ts';
import { runStatement } from '../run-statement.ts';
import type { TypeFigures } from './audit-window.ts';

/** `open`: events of it are pending or parked still. `not provable`: nothing is missing as far as can be seen. */
export type Verdict = 'complete' | 'hole' | 'open' | 'not provable';

export interface AuditedWindow {
  /** RFC 3339, by the database's clock. */
  readonly from: string;
  readonly to: string;
  readonly verdict: Verdict;
  /** Why it is not provable; null where it is. */
  readonly why: string | null;
  readonly types: Readonly<Record<string, TypeFigures & { readonly provable: boolean }>>;
}

export interface FoundHole {
  readonly kind: 'unsent' | 'vanished' | 'missing';
  readonly foundAt: string;
  readonly id: number | string | null;
  readonly eventId: string | null;
  readonly type: string | null;
  readonly key: string;
  readonly told: string;
}

export interface CompletenessReport {
  /** The greatest that one can say: a hole in any window, else what is not provable or open in any, else complete. */
  readonly verdict: Verdict;
  /** Everything appended from `beganAt` to `doneUntil` has been looked at; null before the first look. */
  readonly beganAt: string | null;
  readonly doneUntil: string | null;
  /** Milliseconds that `doneUntil`, and the last look, lie behind the database's clock. */
  readonly behindMs: number | null;
  readonly lookedAgoMs: number | null;
  /** What keeps the next window from being closed. */
  readonly waitsFor: string | null;
  /** The newest first. */
  readonly windows: readonly AuditedWindow[];
  readonly holes: readonly FoundHole[];
}

/**
 * Reads what the audit has found in the last `since` milliseconds, a day unless given: the windows that ended, and the holes that
 * were found since then (the first thousand).
 */
export async function readCompleteness(
  database: Database,
  since = 86_400_000,
  timeout = 5_000,
): Promise<CompletenessReport> {
  const read = async <Row>(sql: string, values: readonly unknown[] = []) =>
    (await runStatement<Row>(database, sql, values, timeout)).rows;
  const [[state], windows, open, holes] = await Promise.all([
    read<{ began: string; done: string; behind: number; looked: number; waits: string | null }>(
      `SELECT began_at AS began, done_until AS done, waits_for AS waits,
              TIMESTAMPDIFF(MICROSECOND, done_until, SYSDATE(6)) / 1000 AS behind,
              TIMESTAMPDIFF(MICROSECOND, looked_at, SYSDATE(6)) / 1000 AS looked
         FROM banyan_outbox_completeness WHERE id = 1`,
    ),
    read<{ from: string; to: string; types: string; unproven: string | null }>(
      `SELECT window_from AS \`from\`, window_to AS \`to\`, types, unproven FROM banyan_outbox_completeness_window
        WHERE window_from > CURRENT_TIMESTAMP(6) - INTERVAL ? MICROSECOND ORDER BY window_from DESC`,
      [since * 1_000],
    ),
    read<{ at: string }>(
      'SELECT DISTINCT window_from AS at FROM banyan_outbox_completeness_open WHERE window_from IS NOT NULL',
    ),
    read<HoleRow>(
      `SELECT kind, found_at AS found, window_from AS at, outbox_id AS id, event_id AS eventId, type,
              partition_key AS \`key\`, told
         FROM banyan_outbox_completeness_hole
        WHERE found_at > CURRENT_TIMESTAMP(6) - INTERVAL ? MICROSECOND ORDER BY found_at LIMIT 1000`,
      [since * 1_000],
    ),
  ]);
  const unfinished = new Set(open.map(({ at }) => at));
  const broken = new Set(holes.map(({ at }) => at));
  const audited = windows.map((row): AuditedWindow => {
    const types = Object.fromEntries(
      Object.entries(JSON.parse(row.types) as Record<string, TypeFigures>).map(([type, figures]) => [
        type,
        { ...figures, provable: figures.numbered > 0 && figures.unnumbered === 0 },
      ]),
    );
    const without = Object.keys(types).filter((type) => !types[type]!.provable);
    const why =
      row.unproven ??
      (without.length > 0 ? `events without numbers: ${without.toSorted().join(', ')}` : null);
    const verdict = broken.has(row.from)
      ? 'hole'
      : why !== null
        ? 'not provable'
        : unfinished.has(row.from)
          ? 'open'
          : 'complete';
    return { from: rfc3339(row.from), to: rfc3339(row.to), verdict, why, types };
  });
  return {
    verdict: worst(audited, holes.length, state?.waits ?? null),
    beganAt: state ? rfc3339(state.began) : null,
    doneUntil: state ? rfc3339(state.done) : null,
    behindMs: state ? Math.round(Number(state.behind)) : null,
    lookedAgoMs: state ? Math.round(Number(state.looked)) : null,
    waitsFor: state?.waits ?? null,
    windows: audited,
    holes: holes.map(toHole),
  };
}

type HoleRow = Omit<FoundHole, 'foundAt'> & { readonly found: string; readonly at: string | null };

function worst(windows: readonly AuditedWindow[], holes: number, waitsFor: string | null): Verdict {
  if (holes > 0) return 'hole';
  const verdicts = new Set(windows.map(({ verdict }) => verdict));
  if (windows.length === 0 || waitsFor !== null || verdicts.has('not provable')) return 'not provable';
  return verdicts.has('open') ? 'open' : 'complete';
}

function toHole({ kind, found, id, eventId, type, key, told }: HoleRow): FoundHole {
  return { kind, foundAt: rfc3339(found), id, eventId, type, key, told };
}

const rfc3339 = (text: string) => `${text.replace(' ', 'T')}Z`;

/** Forgets windows and holes older than `keep` milliseconds. */
export async function forgetAudits(database: Database, keep: number): Promise<void> {
  for (const [table, column] of [
    ['banyan_outbox_completeness_window', 'window_from'],
    ['banyan_outbox_completeness_hole', 'found_at'],
  ])
    await runStatement(
      database,
      `DELETE FROM ${table} WHERE ${column} < CURRENT_TIMESTAMP(6) - INTERVAL ? MICROSECOND LIMIT 1000`,
      [keep * 1_000],
    );
}
