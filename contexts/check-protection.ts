import type { Checked } from './cross-checks.ts';
import { milliseconds } from './duration.ts';
import { entriesOf, mapOf, textOf } from './written.ts';

/** Lengths of time that only make sense beside each other. */
const PAIRS = [
  {
    part: 'breaker',
    longer: ['maxOpenFor', '1m'],
    shorter: ['openFor', '5s'],
    why: 'the time that a breaker stays open only grows',
  },
  {
    part: 'health',
    longer: ['every', '5s'],
    shorter: ['timeout', '2s'],
    why: 'a check must be over before the next one',
  },
] as const;

/** What the fields of an upstream's protection ask of each other. */
export function checkProtection({ root, shown, report }: Checked): void {
  for (const [name, upstream] of entriesOf(root['upstreams'])) {
    for (const { part, longer, shorter, why } of PAIRS) {
      if (upstream[part] === undefined || upstream[part] === 'none') continue;
      const written = mapOf(upstream[part]);
      const path = (field: string) => ['upstreams', name, part, field];
      const [most, least] = [longer, shorter].map(([field, standard]) => ({
        field,
        length: milliseconds(textOf(written[field]) ?? standard),
        text: written[field] === undefined ? `${standard} by default` : shown(path(field)),
      }));
      if (most!.length === undefined || least!.length === undefined || most!.length >= least!.length)
        continue;
      const wrong = written[longer[0]] === undefined ? least! : most!;
      report(
        path(wrong.field),
        `${most!.field} (${most!.text}) must be at least ${least!.field} (${least!.text}): ${why}`,
      );
    }
  }
}
