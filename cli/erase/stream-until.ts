/** Until when what was sent of a key stays in a stream. */
export type StreamUntil =
  | { readonly kind: 'until'; readonly until: Date; readonly because: 'last' | 'unsure' | 'purged' }
  /** Nothing of it can be there any more. */
  | { readonly kind: 'gone' }
  | { readonly kind: 'unknown'; readonly why: string };

/**
 * A stream keeps a record for its retention and lets nobody delete one. The last event that the outbox knows to be
 * acknowledged tells the day; one whose acknowledgement nobody has written down may be there as long after it was
 * erased; and where the stream keeps records for longer than the outbox keeps rows, events that were purged may be
 * there for as long as one that is purged just now.
 */
export function streamUntil({
  acknowledged,
  unsure,
  retention,
  kept,
  now,
}: {
  /** When the key's last event was acknowledged, in milliseconds since 1970; undefined when the outbox knows of none. */
  readonly acknowledged: number | undefined;
  /** Until when one may have been sent that was never seen to be acknowledged. */
  readonly unsure: number | undefined;
  /** How long the stream keeps records, in milliseconds; else why nobody knows. */
  readonly retention: number | string;
  /** How long the outbox keeps rows, in milliseconds. */
  readonly kept: number;
  readonly now: number;
}): StreamUntil {
  if (typeof retention === 'string') return { kind: 'unknown', why: retention };
  const ends = (
    [
      ['last', acknowledged],
      ['unsure', unsure],
      ['purged', now - kept],
    ] as const
  ).map(([because, at]) => ({ because, until: at === undefined ? 0 : at + retention }));
  const { because, until } = ends.reduce((latest, one) => (one.until > latest.until ? one : latest));
  return until <= now ? { kind: 'gone' } : { kind: 'until', until: new Date(until), because };
}
