/** A parsed file of any shape, read without trust: what is of the wrong kind is passed over. */

export function mapOf(value: unknown): Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}

export function entriesOf(value: unknown): [string, Record<string, unknown>][] {
  return Object.entries(mapOf(value)).map(([name, entry]) => [name, mapOf(entry)]);
}

export function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** The value at `path`; a route written as a text stands for its `match`. */
export function valueAt(written: unknown, path: readonly PropertyKey[]): unknown {
  let value = written;
  for (const step of path) {
    if (value === null || typeof value !== 'object') return typeof value === 'string' ? value : undefined;
    value = Object.hasOwn(value, step) ? (value as Record<PropertyKey, unknown>)[step] : undefined;
  }
  return value;
}
