import { effectOf } from './effect-of.ts';
import type { Handled, Handling } from './handle-record.ts';
import type { Position } from './inbox.ts';
import { insist } from './insist.ts';
import type { Numbered } from './numbered.ts';
import type { Applied } from './sequence-inbox.ts';

/**
 * Handles an event whose number counts, or holds it; then, one after the other, the held ones whose turn it is now. Its
 * shard waits for these as for itself, so that what is held can't grow faster than it is handled. Never rejects.
 */
export async function handleNumbered<Tx>(
  handling: Handling<Tx>,
  position: Omit<Position, 'sequenceNumber'> & Partial<Position>,
  numbered: Numbered,
  { time, sequenceNumber }: { readonly time: number; readonly sequenceNumber: string },
): Promise<Handled> {
  const { inbox, held, limit } = handling;
  const { event, key } = numbered;
  const at = { shard: position.shard, sequenceNumber, key };
  const effect = effectOf(handling, event);
  const applied = await insist(handling, at, () =>
    inbox.numbers!.apply(position, numbered, { effect, recorded: time }, limit),
  );
  if (applied === 'stopped') return 'stopped';
  tell(handling, numbered, applied);
  if (applied.outcome === 'gap') held.add(time);
  let { ready } = applied;
  while (ready) {
    const next = await insist(handling, { ...at, held: true }, () => handleHeld(handling, key));
    // The event itself is done with; what is held is found again.
    if (next === 'stopped') break;
    ready = next;
  }
  return applied.outcome === 'duplicate' ? 'passed' : 'done';
}

/** One attempt at the held event of a key whose turn it is. Returns whether another one's is now. */
export async function handleHeld<Tx>(handling: Handling<Tx>, key: string): Promise<boolean> {
  const { application, inbox, limit } = handling;
  const of = (event: Numbered['event']) => effectOf(handling, event);
  const applied = await inbox.numbers!.applyHeld(application, key, of, limit);
  if (applied.outcome !== 'none') tell(handling, applied.held, applied);
  return applied.ready;
}

function tell<Tx>(
  { handlers, log, meter }: Handling<Tx>,
  { event, key, number }: Numbered,
  applied: Applied,
): void {
  const what = { key, number: String(number), event: event.id };
  if (applied.outcome === 'handled') meter.count(handlers.has(event.type) ? 'handled' : 'unhandled');
  if (applied.outcome === 'duplicate') meter.count('duplicate');
  if (applied.outcome === 'gap') {
    meter.count('held');
    log.info({ ...what, handled: String(applied.last) }, 'an event waits for the numbers before its own');
  }
  if (applied.outcome === 'known') {
    meter.count('held');
    log.error(
      { ...what, handled: String(applied.last), other: applied.other ?? 'not known here' },
      'parked an event whose number its key has passed: `banyan held` lists, handles and skips such',
    );
  }
}
