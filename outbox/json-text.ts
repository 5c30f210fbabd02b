/** MariaDB's JSON_VALID takes 31 levels, MySQL's 100; the column's CHECK asks it. */
const DEEPEST = 31;

/**
 * The JSON text of `data`. What JSON can't hold, or would turn into something else unasked, is added to `mistakes`, and
 * so is what is nested deeper than `deepest` levels.
 */
export function jsonText(data: unknown, mistakes: string[], deepest = DEEPEST): string {
  const seen = new WeakMap<object, { path: string; depth: number }>();
  function check(this: object, key: string, value: unknown): unknown {
    const holder = seen.get(this);
    const path =
      holder === undefined ? 'data' : `${holder.path}${Array.isArray(this) ? `[${key}]` : `.${key}`}`;
    const depth = (holder?.depth ?? 0) + 1;
    const mistake = mistakeOfValue(value, holder === undefined || Array.isArray(this));
    if (mistake !== undefined) mistakes.push(`${path}: ${mistake}`);
    if (typeof value !== 'object' || value === null) return typeof value === 'bigint' ? null : value;
    seen.set(value, { path, depth });
    if (depth <= deepest) return value;
    mistakes.push(
      `${path}: is nested deeper than ${deepest} levels, which the database's JSON check refuses`,
    );
    return null;
  }
  try {
    return JSON.stringify(data, check) ?? 'null';
  } catch (cause) {
    mistakes.push(`data: can't be written as JSON: ${(cause as Error).message.split('\n')[0]}`);
    return 'null';
  }
}

/** `kept`: whether JSON keeps the place of an undefined (it leaves out an undefined property, as usual). */
function mistakeOfValue(value: unknown, kept: boolean): string | undefined {
  switch (typeof value) {
    case 'bigint':
      return "is a bigint, which JSON doesn't have; write it as a string";
    case 'number':
      return Number.isFinite(value) ? undefined : `is ${value}, which JSON doesn't have`;
    case 'string':
      return /\p{Surrogate}/u.test(value) ? 'has half a character (a lone surrogate)' : undefined;
    case 'undefined':
      return kept ? "is undefined, which JSON doesn't have; write null" : undefined;
    case 'function':
    case 'symbol':
      return `is a ${typeof value}, which JSON doesn't have`;
    default:
      return value instanceof Map || value instanceof Set
        ? 'is a Map or Set, which JSON makes {}'
        : undefined;
  }
}
