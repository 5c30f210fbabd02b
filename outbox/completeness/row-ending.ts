import { captureOf } from '../row-change.ts';

/** A row as the audit reads it. */
export interface AuditedRow {
  readonly id: number | string;
  readonly event_id: string;
  readonly type: string;
  readonly partition_key: string;
  readonly state: 'pending' | 'settled' | 'parked';
  readonly outcome: 'acknowledged' | 'silent' | 'skipped' | 'discarded' | 'erased' | null;
  readonly settled_epoch: number | string | null;
  /** The epoch that its bucket's lease has now. */
  readonly epoch: number | string | null;
  readonly shard_id: string | null;
  readonly sequence_number: string | null;
  readonly parked_reason: string | null;
  readonly sequence: number | string | null;
  readonly replay: string | null;
}

export type Ending =
  | { readonly kind: 'acknowledged' | 'silent' | 'skipped' | 'discarded' | 'erased' | 'open' }
  /** Settled, and never sent as far as the row shows. */
  | { readonly kind: 'hole'; readonly told: string };

const hole = (told: string): Ending => ({ kind: 'hole', told });

/** What became of an event, by its row. A relay settles with the stream's own number, under an epoch that was. */
export function endingOf(row: AuditedRow): Ending {
  const { state, outcome, settled_epoch: epoch, shard_id: shard, sequence_number: number } = row;
  if (state !== 'settled') return { kind: 'open' };
  const numbered = shard !== null && number !== null && /^\d+$/.test(number);
  switch (outcome) {
    case 'skipped':
    case 'discarded':
    case 'erased':
      return { kind: outcome };
    case 'acknowledged':
      if (!numbered)
        return hole('settled as acknowledged without the number that the stream gives: not sent');
      break;
    case 'silent':
      if (captureOf(row.type) === undefined)
        return hole('settled as silent, and is no captured row: not sent');
      break;
    case null:
      // Before 'outcome' was there, and as an operator gave up a parked event by hand.
      if (row.parked_reason !== null) return { kind: 'discarded' };
      if (!numbered && (captureOf(row.type) === undefined || epoch === null))
        return hole('settled without an outcome and without the number that the stream gives: not sent');
  }
  if (epoch === null) return hole('settled under no epoch, so by no relay: not sent');
  if (row.epoch !== null && BigInt(epoch) > BigInt(row.epoch))
    return hole(`settled under epoch ${epoch}, its bucket has had ${row.epoch} so far: not sent`);
  return { kind: numbered ? 'acknowledged' : 'silent' };
}
