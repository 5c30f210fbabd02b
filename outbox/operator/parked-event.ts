/** An event that was not sent: parked, or passed over by its type's policy. Times are text in UTC. */
export interface ParkedEvent {
  /** The row's; a string above 2^53. */
  readonly id: number | string;
  readonly eventId: string;
  readonly type: string;
  readonly key: string;
  readonly bucket: number;
  /** `parked`: its key waits. `skipped`: its key has gone on. */
  readonly state: 'parked' | 'skipped';
  /** `poison`: it can't be sent; `paused`: its type is paused. Null of what was parked before kinds were kept. */
  readonly kind: 'poison' | 'paused' | null;
  readonly reason: string | null;
  readonly parkedAt: string | null;
  /** Milliseconds since it was parked, by the database's clock; of old rows since it was appended. */
  readonly ageMs: number;
  /** Its number within the key, of aggregates that are `ordered: sequence`. */
  readonly sequence?: number | string | null;
}

/** The columns of a ParkedEvent, of `banyan_outbox o`. */
export const PARKED_COLUMNS = `o.id, o.event_id AS eventId, o.type, o.partition_key AS \`key\`, o.bucket,
       IF(o.state = 'parked', 'parked', 'skipped') AS state, o.parked_kind AS kind, o.parked_reason AS reason,
       o.parked_at AS parkedAt, o.sequence,
       TIMESTAMPDIFF(MICROSECOND, COALESCE(o.parked_at, o.appended_at), CURRENT_TIMESTAMP(6)) / 1000 AS ageMs`;

/** A row of these columns; drivers give fractions as text. */
export function parkedEvent(row: ParkedEvent): ParkedEvent {
  return { ...row, ageMs: Math.max(0, Math.round(Number(row.ageMs))) };
}

/** In the order of their rows, which is the order of a key. */
export function byId(a: { readonly id: number | string }, b: { readonly id: number | string }): number {
  const [first, second] = [BigInt(a.id), BigInt(b.id)];
  return first < second ? -1 : Number(first > second);
}
