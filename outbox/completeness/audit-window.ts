import type { Database } from '../../runtime/database.ts';
import { runStatement } from '../run-statement.ts';
import { followNumbers } from './chain.ts';
import { writeHoles, type Hole } from './holes.ts';
import { countThere, moveMarks, readMarks } from './marks.ts';
import { MOST_OPEN, rememberOpen, type OpenRow } from './open-rows.ts';
import { readWindow, type TimeWindow } from './read-window.ts';
import { endingOf, type AuditedRow } from './row-ending.ts';

/** What became of the events of one type in one window, and whether it could be shown that none is missing. */
export interface TypeFigures {
  acknowledged: number;
  silent: number;
  skipped: number;
  discarded: number;
  erased: number;
  /** Pending or parked when the window was gone through. */
  open: number;
  holes: number;
  /** Events with a number within their key, and without; replayed ones are in neither. */
  numbered: number;
  unnumbered: number;
}

/** Events of Banyan itself, which measure and tell nothing. */
const OWN = /^banyan\./;

/**
 * Goes through one closed window and writes down what it finds. Returns undefined, or what has to happen before it can
 * be gone through. Begun again after it was cut off, it finds the same.
 */
export async function auditWindow(
  database: Database,
  window: TimeWindow,
  unproven: string | null,
): Promise<string | undefined> {
  const types = new Map<string, TypeFigures>();
  const open: OpenRow[] = [];
  for await (const all of readWindow(database, window)) {
    const rows = all.filter(({ type }) => !OWN.test(type));
    const holes: Hole[] = [];
    for (const row of rows) {
      const figures = figuresOf(types, row);
      const ending = endingOf(row);
      if (ending.kind === 'hole') {
        figures.holes += 1;
        holes.push({ ...named(row), kind: 'unsent', told: ending.told, windowFrom: window.from });
        continue;
      }
      figures[ending.kind] += 1;
      if (ending.kind === 'open') open.push({ ...row, window_from: window.from });
    }
    if (open.length > MOST_OPEN)
      return `more than ${MOST_OPEN} events of ${new Date(window.from).toISOString()} and after are pending or parked`;
    await writeHoles(database, [...holes, ...(await missingNumbers(database, rows, types, window))]);
  }
  await rememberOpen(database, open);
  await runStatement(
    database,
    `INSERT INTO banyan_outbox_completeness_window (window_from, window_to, types, unproven)
     VALUES (FROM_UNIXTIME(? / 1000), FROM_UNIXTIME(? / 1000), ?, ?)
         ON DUPLICATE KEY UPDATE types = VALUES(types), unproven = VALUES(unproven)`,
    [window.from, window.to, JSON.stringify(Object.fromEntries(types)), unproven],
  );
  return undefined;
}

async function missingNumbers(
  database: Database,
  rows: readonly AuditedRow[],
  types: Map<string, TypeFigures>,
  window: TimeWindow,
): Promise<Hole[]> {
  const numbered = rows.filter(({ sequence, replay }) => sequence !== null && replay === null);
  const marks = await readMarks(database, [...new Set(numbered.map((row) => row.partition_key))]);
  const holes: Hole[] = [];
  for (const gap of followNumbers(numbered, marks)) {
    const { key, from, to } = gap;
    const missing = to - from + 1n - (await countThere(database, gap));
    if (missing <= 0n) continue;
    const next = numbered.find((row) => row.partition_key === key && BigInt(row.sequence!) === to + 1n)!;
    figuresOf(types, next, false).holes += 1;
    const which = from === to ? `number ${from} stands` : `${missing} of the numbers ${from} to ${to} stand`;
    const told = `${which} in no row; number ${to + 1n} is event ${next.event_id} (${next.type})`;
    holes.push({
      kind: 'missing',
      key,
      id: null,
      eventId: null,
      type: next.type,
      told,
      windowFrom: window.from,
    });
  }
  await moveMarks(database, marks);
  return holes;
}

function figuresOf(types: Map<string, TypeFigures>, row: AuditedRow, count = true): TypeFigures {
  const figures = types.get(row.type) ?? {
    ...{ acknowledged: 0, silent: 0, skipped: 0, discarded: 0, erased: 0 },
    ...{ open: 0, holes: 0, numbered: 0, unnumbered: 0 },
  };
  types.set(row.type, figures);
  if (count && row.replay === null) figures[row.sequence === null ? 'unnumbered' : 'numbered'] += 1;
  return figures;
}

function named(row: AuditedRow): Pick<Hole, 'key' | 'id' | 'eventId' | 'type'> {
  return { key: row.partition_key, id: row.id, eventId: row.event_id, type: row.type };
}
