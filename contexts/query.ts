const NONE: ReadonlyMap<string, string> = new Map();
const NOTHING: readonly ReadonlyMap<string, string>[] = [NONE];

/**
 * The parameters of a query that routes ask for, as servers in use read them: of a repeated one the first value or
 * the last, and `;` as a character or as another `&`. One reading for nearly every query.
 */
export function readQuery(query: string, asked: ReadonlySet<string>): readonly ReadonlyMap<string, string>[] {
  if (query.length < 2) return NOTHING;
  const readings: Map<string, string>[] = [];
  for (const separator of query.includes(';') ? [/&/, /[&;]/] : [/&/]) {
    const first = new Map<string, string>();
    const last = new Map<string, string>();
    for (const pair of query.slice(1).split(separator)) {
      const equals = pair.indexOf('=');
      const name = decode(equals < 0 ? pair : pair.slice(0, equals));
      if (!asked.has(name)) continue;
      const value = equals < 0 ? '' : decode(pair.slice(equals + 1));
      if (!first.has(name)) first.set(name, value);
      last.set(name, value);
    }
    for (const reading of [first, last])
      if (!readings.some((known) => same(known, reading))) readings.push(reading);
  }
  return readings;
}

/** As forms encode it. What is no encoding stays as it is. */
function decode(text: string): string {
  const spaced = text.replaceAll('+', ' ');
  if (!spaced.includes('%')) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced;
  }
}

function same(one: ReadonlyMap<string, string>, other: ReadonlyMap<string, string>): boolean {
  if (one.size !== other.size) return false;
  for (const [name, value] of one) if (other.get(name) !== value) return false;
  return true;
}
