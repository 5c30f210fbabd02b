/** Until when what was sent of a key stays in the stream. */
export type StreamUntil =
  | { readonly kind: 'until'; readonly until: Date; readonly because: 'last' | 'purged' }
  /** Nothing of it can be there any more. */
  | { readonly kind: 'gone' }
  | { readonly kind: 'unknown'; readonly why: string };

/**
 * The stream keeps a record for its retention and lets nobody delete one. The last event that the outbox knows to be
 * acknowledged tells the day; where the stream keeps records for longer than the outbox keeps rows, events that were
 * purged may be there for as long as one that is purged just now.
 */
export function streamUntil({
  lastAcknowledged,
  retention,
  kept,
  now,
}: {
  /** When the key's last event was acknowledged, in milliseconds since 1970; undefined when the outbox knows of none. */
  readonly lastAcknowledged: number | undefined;
  /** How long the stream keeps records, in milliseconds; else why nobody knows. */
  readonly retention: number | string;
  /** How long the outbox keeps rows, in milliseconds. */
  readonly kept: number;
  readonly now: number;
}): StreamUntil {
  if (typeof retention === 'string') return { kind: 'unknown', why: retention };
  const last = lastAcknowledged === undefined ? 0 : lastAcknowledged + retention;
  const purged = now - kept + retention;
  if (Math.max(last, purged) <= now) return { kind: 'gone' };
  return last >= purged
    ? { kind: 'until', until: new Date(last), because: 'last' }
    : { kind: 'until', until: new Date(purged), because: 'purged' };
}
