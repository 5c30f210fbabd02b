import { readHeldEvent } from '../../consumer/operator/index.ts';
import type { Database } from '../../runtime/database.ts';
import { printable } from '../parked/format-parked.ts';

const STATES = { gap: 'waits for a number', known: 'parked', handle: 'chosen to be handled' } as const;

/** A held event as people read it, its data masked by `mask`; undefined when none has this id. */
export async function showHeld(
  database: Database,
  id: string,
  mask: (type: string, data: string) => string,
): Promise<string | undefined> {
  const found = await readHeldEvent(database, id);
  if (!found) return undefined;
  const { data, ...attributes } = found.event;
  const fields: [string, string][] = [
    ['application', found.application],
    ['state', STATES[found.why]],
    ...Object.entries(attributes).map(([name, value]): [string, string] => [name, String(value)]),
    ['data', mask(found.event.type, JSON.stringify(data ?? null))],
  ];
  return fields.map(([name, value]) => `${name.padEnd(15)}  ${printable(value)}\n`).join('');
}
