import type { OutboxRow } from '../outbox/envelope.ts';
import { jsonText } from '../outbox/json-text.ts';
import { mistakeOfText } from '../outbox/mistake-of-text.ts';
import { captureOf, type RowChange, type Translate } from '../outbox/row-change.ts';

/**
 * The row with the domain event that its capture's translation makes of it; the row itself if it is no row change or
 * its capture has no translation; undefined if the translation says, with undefined or null, that it means
 * nothing outside. Throws when the translation throws or returns what can't be an event.
 */
export function translateRow(
  row: OutboxRow,
  translate?: (capture: string) => Translate | undefined,
): OutboxRow | undefined {
  const capture = captureOf(row.type);
  const translation = capture === undefined ? undefined : translate?.(capture);
  if (capture === undefined || translation === undefined) return row;
  const change = JSON.parse(row.data) as RowChange;
  const key = { aggregateType: row.aggregate_type, aggregateId: row.aggregate_id };
  let event: unknown;
  try {
    event = translation(change, key);
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`the translation of capture '${capture}' failed: ${said}`, { cause });
  }
  if (event === undefined || event === null) return undefined;
  const mistakes: string[] = [];
  const translated = readTranslation(event, mistakes);
  if (mistakes.length === 0) return { ...row, ...translated };
  throw new Error(`the translation of capture '${capture}' returned no event: ${mistakes.join('; ')}`);
}

/** The type and the JSON text of the data, as far as they are such; `append` asks the same of them. */
function readTranslation(event: unknown, mistakes: string[]): { type: string; data: string } {
  if (typeof event !== 'object' || event === null || Array.isArray(event)) {
    mistakes.push('it must be an object with type and data, or undefined');
    return { type: '', data: '' };
  }
  if (event instanceof Promise) {
    event.catch(() => {});
    mistakes.push('it is a promise; a translation answers at once');
    return { type: '', data: '' };
  }
  const { type, data } = event as { type?: unknown; data?: unknown };
  const mistake = mistakeOfText(type, 190);
  if (mistake !== undefined) mistakes.push(`type: ${mistake}`);
  return { type: String(type), data: jsonText(data, mistakes, Infinity) };
}
