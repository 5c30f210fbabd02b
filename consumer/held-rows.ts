import type { ResultSetHeader, RowDataPacket } from 'mysql2/promise';
import type { CloudEvent } from '../outbox/event.ts';
import type { Connection } from '../runtime/database.ts';
import { DUPLICATE, inboxKey } from './handled-once.ts';
import type { KeyOf } from './key-numbers.ts';
import type { Numbered } from './numbered.ts';

export interface HeldRow {
  readonly id: number | string;
  readonly why: 'gap' | 'handle';
  readonly numbered: Numbered;
}

/** Characters of a type that are shown; the envelope has all of it. */
const TYPE = 190;

/** Keeps an event for later. False when it is held already. */
export async function hold(
  tx: Connection,
  { application, key }: KeyOf,
  { event, number }: Numbered,
  {
    why,
    other,
    recorded,
  }: {
    readonly why: 'gap' | 'known';
    readonly other?: string | undefined;
    readonly recorded: number;
  },
): Promise<boolean> {
  try {
    // Prepared: as text, every quote of the envelope would be escaped, and a large one exceed max_allowed_packet.
    await tx.execute(
      `INSERT INTO banyan_inbox_held
         (application, partition_key, number, event_id, other_event_id, why, type, envelope, recorded_ms)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      [
        ...[application, key, String(number), inboxKey(event.id), other ?? null, why],
        ...[[...event.type].slice(0, TYPE).join(''), JSON.stringify(event), Math.round(recorded)],
      ],
    );
    return true;
  } catch (error) {
    if ((error as { errno?: number }).errno === DUPLICATE) return false;
    throw error;
  }
}

/** The first held number of a key that waits for those before it; undefined when none does. */
export async function firstHeld(tx: Connection, { application, key }: KeyOf): Promise<bigint | undefined> {
  const [[row]] = await tx.query<RowDataPacket[]>(
    `SELECT CAST(MIN(number) AS CHAR) AS first FROM banyan_inbox_held
      WHERE application = ? AND why = 'gap' AND partition_key = ?`,
    [application, key],
  );
  const first = row?.['first'] as string | null;
  return first === null ? undefined : BigInt(first);
}

/**
 * The held event of a locked key whose turn it is: of those up to `most` the first, and of two with one number the one that
 * came first. Else one that an operator wants handled.
 */
export async function nextHeld(
  tx: Connection,
  { application, key }: KeyOf,
  most: bigint,
): Promise<HeldRow | undefined> {
  for (const [why, more, values] of [
    ['gap', 'AND number <= ?', [most]],
    ['handle', '', []],
  ] as const) {
    const [[row]] = await tx.query<RowDataPacket[]>(
      `SELECT id, CAST(number AS CHAR) AS number, envelope FROM banyan_inbox_held
        WHERE application = ? AND why = '${why}' AND partition_key = ? ${more}
        ORDER BY number, id LIMIT 1 FOR UPDATE`,
      [application, key, ...values],
    );
    if (!row) continue;
    const event = JSON.parse(row['envelope'] as string) as CloudEvent;
    const numbered = { event, key, number: BigInt(row['number'] as string) };
    return { id: row['id'] as number | string, why, numbered };
  }
  return undefined;
}

/** Leaves a held event to the operator. */
export async function parkHeld(
  tx: Connection,
  id: number | string,
  other: string | undefined,
): Promise<void> {
  await tx.query("UPDATE banyan_inbox_held SET why = 'known', other_event_id = ? WHERE id = ?", [
    other ?? null,
    id,
  ]);
}

export async function dropHeld(tx: Connection, id: number | string): Promise<boolean> {
  const [{ affectedRows }] = await tx.query<ResultSetHeader>('DELETE FROM banyan_inbox_held WHERE id = ?', [
    id,
  ]);
  return affectedRows === 1;
}
