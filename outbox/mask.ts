/** A place in data by its steps from the root: names of members, `*` for every entry of an array and every member. */
export type PersonalPlace = readonly string[];

/**
 * The JSON text of an event's data without what is personal: in place of each such value stands what kind it is and
 * about how long, `"(text, 9 to 32 characters)"`. With something personal, a text that no JSON parser reads isn't shown
 * at all: nobody can tell what stands where. Without, the text stays as it is. Parked data is often not as it was
 * declared: a text or a list in place of an object that has something personal in it is masked itself.
 */
export function maskData(text: string, personal: readonly PersonalPlace[]): string {
  if (personal.length === 0) return text;
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    return JSON.stringify(`(${Buffer.byteLength(text)} bytes that no JSON parser reads)`);
  }
  return JSON.stringify(maskValue(data, personal));
}

/** `open`: what is left to go of the paths that lead through here. */
function maskValue(value: unknown, open: readonly PersonalPlace[]): unknown {
  if (open.length === 0) return value;
  if (open.some((steps) => steps.length === 0)) return maskOf(value);
  if (value === null || typeof value !== 'object') return maskOf(value);
  if (Array.isArray(value) && !open.every(([step]) => step === '*' || /^\d+$/.test(step!)))
    return maskOf(value);
  const go = (name: string) =>
    open.flatMap(([step, ...rest]) => (step === '*' || step === name ? [rest] : []));
  if (Array.isArray(value)) return value.map((entry, index) => maskValue(entry, go(String(index))));
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, maskValue(member, go(name))]),
  );
}

/** What kind of value it is, and about how long; `null` and what is empty say nothing about anybody. */
function maskOf(value: unknown): unknown {
  if (value === null || value === '') return value;
  if (typeof value === 'string') return `(text, ${lengthClass([...value].length)} characters)`;
  if (Array.isArray(value))
    return value.length === 0 ? value : `(list, ${lengthClass(value.length)} entries)`;
  return typeof value === 'object' ? '(object)' : `(${typeof value})`;
}

const CLASSES = [8, 32, 128, 1_024];

function lengthClass(length: number): string {
  const index = CLASSES.findIndex((most) => length <= most);
  if (index < 0) return `more than ${CLASSES.at(-1)!}`;
  return `${index === 0 ? 1 : CLASSES[index - 1]! + 1} to ${CLASSES[index]!}`;
}
