import { findParked, type ParkedEvent } from '../../outbox/operator/index.ts';
import type { Database } from '../../runtime/database.ts';
import { UsageError } from '../usage-error.ts';

export interface Selection {
  readonly ids: readonly string[];
  readonly type?: string | undefined;
  readonly key?: string | undefined;
  readonly all?: boolean | undefined;
}

/** Events that one call takes. */
const MOST = 100_000;

/** Exactly one way of saying which events. */
export function checkSelection({ ids, type, key, all }: Selection, verb: string): void {
  const ways = [
    ...(ids.length > 0 ? ['ids'] : []),
    ...(type !== undefined || key !== undefined ? ['--type and --key'] : []),
    ...(all ? ['--all'] : []),
  ];
  if (ways.length === 0)
    throw new UsageError(
      `no event is named; name ids as \`banyan parked list\` shows them, or say --key, --type${verb === 'redrive' ? ' or --all' : ''}`,
    );
  if (ways.length > 1) throw new UsageError(`${ways.join(' and ')} exclude each other; give one of them`);
  const odd = ids.filter((id) => !/^\d{1,20}$/.test(id));
  if (odd.length > 0)
    throw new UsageError(
      `an id is a whole number, as \`banyan parked list\` shows it: not ${odd.join(', ')}`,
    );
}

/**
 * The events that are meant. By --type, --key and --all they are the parked ones; skipped ones, which come out of order,
 * are taken by their ids alone. Throws, with all of them, for ids that are neither.
 */
export async function chooseParked(database: Database, selection: Selection): Promise<ParkedEvent[]> {
  const { ids, type, key } = selection;
  if (ids.length === 0) {
    const filter = { type, keys: key === undefined ? undefined : [key], state: 'parked' as const };
    return findParked(database, filter, MOST);
  }
  const found = await findParked(database, { ids }, MOST);
  const known = new Set(found.map(({ id }) => BigInt(id)));
  const missing = ids.filter((id) => !known.has(BigInt(id)));
  if (missing.length > 0)
    throw new Error(
      `nothing was changed: ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} neither parked nor skipped; \`banyan parked list\` shows what is`,
    );
  return found;
}
