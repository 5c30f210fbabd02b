import type { Connection } from '../runtime/database.ts';
import { commitWith, enter, inboxKey, isEntered, moveCheckpoint } from './handled-once.ts';
import { firstHeld, hold } from './held-rows.ts';
import type { Position } from './inbox.ts';
import {
  beginKey,
  eventOfNumber,
  lockKey,
  moveFreely,
  moveKey,
  rememberNumber,
  setWaiting,
  type KeyState,
} from './key-numbers.ts';
import type { Numbered } from './numbered.ts';
import type { Applied, Effect } from './sequence-inbox.ts';

type Place = Omit<Position, 'sequenceNumber'> & Partial<Position>;

interface Given {
  readonly effect: Effect<Connection>;
  readonly recorded: number;
}

/**
 * Handles an event from the stream, or holds it: one transaction, in which the key is locked first. Where numbers come one
 * after the other and nothing of the key is held, that is two statements more than for an event without a number.
 */
export async function applyNumbered(
  tx: Connection,
  position: Place,
  numbered: Numbered,
  given: Given,
): Promise<Applied> {
  const { key, number } = numbered;
  const of = { application: position.application, key };
  if (!(await moveFreely(tx, of, number))) {
    let state = await lockKey(tx, of);
    if (!state && !(await beginKey(tx, of, number))) state = await lockKey(tx, of);
    if (state) {
      const held = await holdUnlessNext(tx, position, { numbered, state, recorded: given.recorded });
      if (held) return held;
      await moveKey(tx, of, number);
      const first = state.waiting ? await firstHeld(tx, of) : undefined;
      const ready = first !== undefined && first <= number + 1n;
      return { outcome: await handle(tx, position, numbered, given.effect), ready };
    }
  }
  return { outcome: await handle(tx, position, numbered, given.effect), ready: false };
}

/** Undefined when it is the event's turn. While held events can be handled, they come first. */
async function holdUnlessNext(
  tx: Connection,
  position: Place,
  {
    numbered,
    state: { last, waiting },
    recorded,
  }: { readonly numbered: Numbered; readonly state: KeyState; readonly recorded: number },
): Promise<Applied | undefined> {
  const { event, key, number } = numbered;
  const of = { application: position.application, key };
  const first = waiting ? await firstHeld(tx, of) : undefined;
  const ready = first !== undefined && first <= last + 1n;
  if (number === last + 1n && !ready) return undefined;
  if (number <= last) {
    if (await isEntered(tx, of.application, event.id)) return { outcome: 'duplicate', ready };
    const other = await eventOfNumber(tx, of, number);
    if (!(await hold(tx, of, numbered, { why: 'known', other, recorded })))
      return { outcome: 'duplicate', ready };
    await moveOn(tx, position);
    return { outcome: 'known', last, other, ready };
  }
  if (!(await hold(tx, of, numbered, { why: 'gap', recorded }))) return { outcome: 'duplicate', ready };
  if (!waiting) await setWaiting(tx, of, true);
  await moveOn(tx, position);
  return { outcome: 'gap', last, ready };
}

/** Its number is the key's last by now. One that is in the inbox was handled by a process that doesn't keep numbers. */
async function handle(
  tx: Connection,
  position: Place,
  { event, key, number }: Numbered,
  effect: Effect<Connection>,
): Promise<'handled' | 'duplicate'> {
  const id = inboxKey(event.id);
  const entered = await enter(tx, position.application, id);
  await rememberNumber(tx, { application: position.application, key }, number, event.id);
  if (entered) await effect?.(tx);
  await commitWith(tx, position, id);
  return entered ? 'handled' : 'duplicate';
}

async function moveOn(tx: Connection, position: Place): Promise<void> {
  const { sequenceNumber } = position;
  if (sequenceNumber !== undefined) await moveCheckpoint(tx, { ...position, sequenceNumber });
}
