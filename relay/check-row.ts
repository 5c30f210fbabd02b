import type { OutboxRow } from '../outbox/envelope.ts';
import { mistakesByRegistry } from '../outbox/registry/check-event.ts';
import { declarationOf, isSequenced, versionsOf, type Registry } from '../outbox/registry/registry.ts';
import { captureOf } from '../outbox/row-change.ts';

/**
 * Why the registry refuses the event of a row, whose data and extensions are JSON; undefined when it takes it. A row change that nobody translates and
 * nobody declares goes on unchecked: its shape is its table's.
 */
export async function refusalOf(row: OutboxRow, registry: Registry): Promise<string | undefined> {
  if (captureOf(row.type) !== undefined && declarationOf(registry, row.type) === undefined) return undefined;
  const { dataversion = 1 } = JSON.parse(row.extensions ?? '{}') as { dataversion?: unknown };
  if (!Number.isInteger(dataversion) || Number(dataversion) < 1)
    return `the extension dataversion is ${JSON.stringify(dataversion)}, it must be a whole number from 1 on`;
  const mistakes = await mistakesByRegistry(registry, {
    type: row.type,
    aggregateType: row.aggregate_type,
    version: dataversion as number,
    data: JSON.parse(row.data) as unknown,
  });
  const unnumbered = row.sequence === null || row.sequence === undefined;
  if (isSequenced(registry, row.aggregate_type) && unnumbered)
    mistakes.push(
      `sequence: is missing, and aggregate '${row.aggregate_type}' is declared \`ordered: sequence\`: its writer ` +
        'has to take a number from banyan_outbox_sequence (docs/outbox.md, "Order")',
    );
  return mistakes.length === 0 ? undefined : `the registry refuses it: ${mistakes.join('; ')}`;
}

/** A translated event is in the newest version: translation and registry come with the same relay. */
export function inNewestVersion(row: OutboxRow, registry: Registry): OutboxRow {
  const declaration = declarationOf(registry, row.type);
  const newest = (declaration && versionsOf(declaration).at(-1)) ?? 1;
  return newest === 1 ? row : { ...row, extensions: JSON.stringify({ dataversion: newest }) };
}
