/** Why `value` is no text of 1 to `most` characters as the database counts them; undefined when it is. */
export function mistakeOfText(value: unknown, most: number): string | undefined {
  if (typeof value !== 'string')
    return `is ${show(value)}, it must be a string${typeof value === 'number' ? ' or a whole number' : ''}`;
  if (value === '') return `is empty, it must have 1 to ${most} characters`;
  const length = [...value].length;
  if (length > most) return `has ${length} characters, at most ${most} fit`;
  // CloudEvents 1.0.2, section "Type system": no control characters, no lone surrogates.
  if (/[\p{Cc}\p{Surrogate}]/u.test(value))
    return `is ${show(value)}: a control character or half a character`;
  return undefined;
}

/** A value as it is quoted in a message. */
export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
  return typeof value === 'object' && value !== null && !(value instanceof Date)
    ? 'an object'
    : String(value);
}
