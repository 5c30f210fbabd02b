import type { OutboxRow } from '../outbox/envelope.ts';
import type { Registry } from '../outbox/registry/registry.ts';
import type { Translate } from '../outbox/row-change.ts';
import type { Overlaps } from './overlaps.ts';
import type { OwnershipView } from './ownership-view.ts';
import type { PausedTypes } from './paused-types.ts';
import { identityOf, prepare, prepareChecked, type Prepared } from './prepare.ts';
import type { StreamLimits } from './publisher.ts';

export interface PreparingParts {
  readonly limits: StreamLimits;
  readonly translate?: ((capture: string) => Translate | undefined) | undefined;
  readonly registry?: Registry | undefined;
  readonly ownership: Pick<OwnershipView, 'refusal'>;
  readonly pausedTypes: PausedTypes;
  readonly overlaps: Overlaps;
}

/**
 * Prepares rows in their order. Behind a poison row of a key nothing is prepared: it can't be sent now, and a
 * failure counts once for each key. A row of a paused type is parked as such; so is what follows the failure that pauses it.
 * `blocked`: the keys with a poison row so far; added to.
 */
export async function prepareBatch(
  rows: readonly OutboxRow[],
  { limits, translate, registry, ownership, pausedTypes, overlaps }: PreparingParts,
  blocked = new Set<string>(),
): Promise<Prepared[]> {
  overlaps.look(rows);
  const prepared: Prepared[] = [];
  for (const row of rows) {
    if (blocked.has(row.partition_key)) continue;
    const given = ownership.refusal(row);
    const one =
      notToSend(row, given, pausedTypes) ??
      (registry ? await prepareChecked(row, limits, registry, translate) : prepare(row, limits, translate));
    if (one.kind === 'poison') {
      blocked.add(row.partition_key);
      if (!one.paused && given === undefined) await pausedTypes.failed(row.type, one.reason, row.id);
    }
    prepared.push(one);
  }
  return prepared;
}

/** What is parked whatever it says: its type is another outbox's, or paused. */
function notToSend(
  row: OutboxRow,
  given: string | undefined,
  pausedTypes: PausedTypes,
): Prepared | undefined {
  if (given !== undefined) return { row: identityOf(row), kind: 'poison', reason: given };
  if (!pausedTypes.has(row.type)) return undefined;
  const reason = `type '${row.type}' is paused: \`banyan types resume ${row.type}\` lets it go on`;
  return { row: identityOf(row), kind: 'poison', paused: true, reason };
}
