import { byId, type ParkedEvent } from './parked-event.ts';

export interface RedrivePlan {
  /** In the order in which they are made pending again. */
  readonly take: readonly ParkedEvent[];
  /** Those that stay parked, because an earlier event of their key does. */
  readonly held: readonly { readonly event: ParkedEvent; readonly behind: ParkedEvent }[];
  /** Those whose later events are in the stream already: they come out of order. */
  readonly late: readonly ParkedEvent[];
}

/**
 * Which of the wanted events are made pending again. `ofKeys` are all parked events of their keys. A key is held while
 * any of its events is parked, so that a later one redriven before an earlier one would only look as if it were sent.
 */
export function planRedrive(wanted: readonly ParkedEvent[], ofKeys: readonly ParkedEvent[]): RedrivePlan {
  const ids = new Set(wanted.map(({ id }) => String(id)));
  const left = new Map<string, ParkedEvent>();
  for (const event of ofKeys.toSorted(byId))
    if (event.state === 'parked' && !ids.has(String(event.id)) && !left.has(event.key))
      left.set(event.key, event);
  const take: ParkedEvent[] = [];
  const held: { event: ParkedEvent; behind: ParkedEvent }[] = [];
  for (const event of wanted.toSorted(byId)) {
    const behind = left.get(event.key);
    if (behind && byId(behind, event) < 0) held.push({ event, behind });
    else take.push(event);
  }
  return { take, held, late: take.filter(({ state }) => state === 'skipped') };
}
