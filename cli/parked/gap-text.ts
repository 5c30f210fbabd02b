import type { ParkedEvent } from '../../outbox/operator/index.ts';
import { printable } from './format-parked.ts';

/** Keys that are named. */
const NAMED = 10;

/** What giving up numbered events means for those who wait for them; empty when none has a number. */
export function gapText(events: readonly ParkedEvent[]): string {
  const numbered = events.filter(({ sequence }) => sequence !== undefined && sequence !== null);
  if (numbered.length === 0) return '';
  const numbers = Map.groupBy(numbered, ({ key }) => key);
  const shown = [...numbers].slice(0, NAMED);
  return [
    'numbered, and so waited for by consumers that know their types as `ordered: sequence`:\n',
    ...shown.map(
      ([key, of]) => `  ${printable(key)}: ${of.map(({ sequence }) => String(sequence)).join(', ')}\n`,
    ),
    numbers.size > shown.length ? `  and ${numbers.size - shown.length} more keys\n` : '',
    'let them go on where they wait: banyan held pass --key <key> --database <inbox> --reason <text>\n',
  ].join('');
}
