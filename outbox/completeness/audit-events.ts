import type { Database } from '../../runtime/database.ts';
import { wait } from '../../runtime/wait.ts';
import { findOpenTransaction } from '../open-transactions.ts';
import { runStatement } from '../run-statement.ts';
import { auditWindow } from './audit-window.ts';
import type { TimeWindow } from './read-window.ts';
import { writeHoles, type Hole } from './holes.ts';
import { countThere, noteCounters, readShort } from './marks.ts';
import { forgetOpen, readOpen, rememberPending } from './open-rows.ts';

export interface AuditOptions {
  /** Milliseconds that settled rows are kept. */
  readonly retention: number;
  /** Milliseconds of a window. Default 600,000. */
  readonly window?: number;
  /**
   * Milliseconds after its end before a window can be closed, longer than an INSERT may wait for a lock
   * (`innodb_lock_wait_timeout`, 50 s unless set). Default 120,000.
   */
  readonly safe?: number;
  readonly stop?: AbortSignal;
  /** Told after each window, with the number of windows left. */
  readonly onWindow?: (left: number) => Promise<void>;
}

/**
 * One look of the completeness audit: what was seen pending has to be there still, and every window of time that has
 * closed since the last look is gone through. Resumable at any point, and two at once do no harm. Returns the number
 * of windows that it has gone through.
 *
 * A window is closed when no transaction is open that may have appended in it: the one that holds events back has begun
 * after it. Where open transactions can't be seen, nothing closes, and the audit says so.
 */
export async function auditEvents(database: Database, options: AuditOptions): Promise<number> {
  const { window = 600_000, safe = 120_000, stop, onWindow } = options;
  const state = await begin(database);
  let { done, expected } = state;
  await checkOpen(database, options.retention);
  await rememberPending(database);
  const open = await findOpenTransaction(database);
  const waitsFor =
    open.state === 'unknown'
      ? `open transactions can't be seen: ${open.reason}${open.missing ? `: ${open.missing}` : ''}`
      : open.state === 'open'
        ? `thread ${open.thread} has held events back for ${Math.ceil(open.ageMs / 1_000)} s`
        : null;
  const closed =
    open.state === 'unknown' ? 0 : state.now - safe - (open.state === 'open' ? open.ageMs + 1_000 : 0);
  let gone = 0;
  for (;;) {
    const next = windowAfter(done, window);
    if (stop?.aborted || next.to > closed) break;
    const began = performance.now();
    const purged = state.now - next.from > options.retention;
    const left = await auditWindow(
      database,
      next,
      purged ? 'it was audited later than its rows are kept' : null,
    );
    if (left !== undefined) {
      await tell(database, done, left);
      return gone;
    }
    done = next.to;
    gone += 1;
    if (expected === null || done >= expected) {
      if (expected !== null) await checkCounters(database);
      await noteCounters(database);
      expected = await noteTime(database);
    }
    await tell(database, done, waitsFor);
    await onWindow?.(Math.max(0, Math.floor((closed - done) / window)));
    await wait(Math.max(5, performance.now() - began), stop);
  }
  await tell(database, done, waitsFor);
  return gone;
}

/** Windows end at full multiples of their length; the first begins when the audit does. */
function windowAfter(done: number, length: number): TimeWindow {
  return { from: done, to: (Math.floor(done / length) + 1) * length };
}

interface AuditState {
  readonly done: number;
  readonly expected: number | null;
  readonly now: number;
}

/** Where the audit stands. The first time the counters are noted before its time is, so that it misses no number. */
async function begin(database: Database): Promise<AuditState> {
  const read = async () =>
    (
      await runStatement<{ done: string; expected: string | null; now: string }>(
        database,
        `SELECT UNIX_TIMESTAMP(done_until) * 1000 AS done, UNIX_TIMESTAMP(expected_at) * 1000 AS expected,
                UNIX_TIMESTAMP(SYSDATE(6)) * 1000 AS now FROM banyan_outbox_completeness WHERE id = 1`,
      )
    ).rows[0];
  let found = await read();
  if (!found) {
    await noteCounters(database, true);
    await runStatement(database, 'INSERT IGNORE INTO banyan_outbox_completeness (id) VALUES (1)');
    found = await read();
  }
  const { done, expected, now } = found!;
  return { done: Number(done), expected: expected === null ? null : Number(expected), now: Number(now) };
}

/** All that the counters showed was committed by then. */
async function noteTime(database: Database): Promise<number> {
  await runStatement(
    database,
    'UPDATE banyan_outbox_completeness SET expected_at = CURRENT_TIMESTAMP(6) WHERE id = 1',
  );
  return (await begin(database)).expected!;
}

async function tell(database: Database, done: number, waitsFor: string | null): Promise<void> {
  await runStatement(
    database,
    `UPDATE banyan_outbox_completeness SET done_until = GREATEST(done_until, FROM_UNIXTIME(? / 1000)),
            looked_at = CURRENT_TIMESTAMP(6), waits_for = ? WHERE id = 1`,
    [done, waitsFor?.slice(0, 500) ?? null],
  );
}

/** What was pending once is pending, parked or ended in a way that is known; nothing but purging takes a row away. */
async function checkOpen(database: Database, retention: number): Promise<void> {
  for await (const rows of readOpen(database)) {
    const ended = rows.filter(({ now }) => now.kind !== 'open');
    const holes = ended.flatMap(({ now, ago, ...row }): Hole[] => {
      const named = {
        ...{ key: row.partition_key, id: row.id, eventId: row.event_id, type: row.type },
        windowFrom: row.window_from,
      };
      if (now.kind === 'hole') return [{ ...named, kind: 'unsent', told: now.told }];
      if (now.kind !== 'gone' || ago > retention) return [];
      return [
        {
          ...named,
          kind: 'vanished',
          told: `it was pending or parked at ${row.seen_at} UTC, and is not there any more`,
        },
      ];
    });
    await writeHoles(database, holes);
    await forgetOpen(
      database,
      ended.map(({ id }) => id),
    );
  }
}

/** Every number that was given before the last windows began has been seen in them, or there is no row of it. */
async function checkCounters(database: Database): Promise<void> {
  for (const gap of await readShort(database)) {
    const { key, from, to } = gap;
    const missing = to - from + 1n - (await countThere(database, gap));
    if (missing <= 0n) continue;
    const told = `${missing} of its numbers ${from} to ${to} were given and stand in no row`;
    await writeHoles(database, [
      { kind: 'missing', key, id: null, eventId: null, type: null, told, windowFrom: null },
    ]);
  }
}
