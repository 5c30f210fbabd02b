import type { CloudEvent } from '../outbox/event.ts';
import type { Connection } from '../runtime/database.ts';
import { commitWith, enter, inboxKey, isEntered } from './handled-once.ts';
import { dropHeld, firstHeld, nextHeld, parkHeld } from './held-rows.ts';
import { eventOfNumber, lockKey, moveKey, rememberNumber, setWaiting, type KeyOf } from './key-numbers.ts';
import type { AppliedHeld, Effect } from './sequence-inbox.ts';

/**
 * Handles the held event of a key whose turn it is, in one transaction in which it is also taken out. After the handler
 * nothing is written: had it lost its transaction, that would be kept.
 */
export async function applyHeld(
  tx: Connection,
  of: KeyOf,
  effectOf: (event: CloudEvent) => Effect<Connection>,
): Promise<AppliedHeld> {
  const state = await lockKey(tx, of);
  const row = state && (await nextHeld(tx, of, state.last + 1n));
  if (!row) {
    if (state?.waiting && (await firstHeld(tx, of)) === undefined) await setWaiting(tx, of, false);
    return { outcome: 'none', ready: false };
  }
  const { numbered: held } = row;
  const { event, number } = held;
  const waits = row.why === 'gap';
  if (waits && number <= state.last && !(await isEntered(tx, of.application, event.id))) {
    const other = await eventOfNumber(tx, of, number);
    await parkHeld(tx, row.id, other);
    return { outcome: 'known', held, last: state.last, other, ready: await isReady(tx, of, state.last) };
  }
  const last = waits && number > state.last ? number : state.last;
  if (last > state.last) await moveKey(tx, of, last);
  const id = inboxKey(event.id);
  const entered = await enter(tx, of.application, id);
  if (last > state.last) await rememberNumber(tx, of, number, event.id);
  await dropHeld(tx, row.id);
  const ready = waits && (await isReady(tx, of, last));
  if (entered) await effectOf(event)?.(tx);
  await commitWith(tx, { application: of.application }, id);
  return { outcome: entered ? 'handled' : 'duplicate', held, ready };
}

/** Whether a held event of the locked key can be handled after `last`; a key of which none is held doesn't wait any more. */
async function isReady(tx: Connection, of: KeyOf, last: bigint): Promise<boolean> {
  const first = await firstHeld(tx, of);
  if (first === undefined) await setWaiting(tx, of, false);
  return first !== undefined && first <= last + 1n;
}
