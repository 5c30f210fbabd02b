/** The events of a measurement: number n, of a key that n alone decides, in the order of their numbers. */
export interface Events {
  readonly count: number;
  readonly keys: number;
}

/** Bytes of an event's data. */
const SIZE = 300;

/** Spread over the keys as chance would, and alike in every run (xorshift32). */
export function keyOf(n: number, { keys }: Pick<Events, 'keys'>): string {
  let hash = n + 0x9e3779b9;
  hash ^= hash << 13;
  hash ^= hash >>> 17;
  hash ^= hash << 5;
  return `o-${(hash >>> 0) % keys}`;
}

/** JSON of 300 bytes. */
export function dataOf(n: number): string {
  const head = `{"n":${n},"status":"placed","currency":"EUR","lines":[{"sku":"B-${n % 997}","quantity":${1 + (n % 5)}}],"note":"`;
  return `${head}${'lorem ipsum '.repeat(25).slice(0, SIZE - head.length - 2)}"}`;
}

/** The numbers of the events in a record, packed or not: their JSON stands in it as it is. */
export function numbersIn(record: Uint8Array): number[] {
  const text = Buffer.from(record.buffer, record.byteOffset, record.byteLength).toString('latin1');
  return [...text.matchAll(/"data":\{"n":(\d+)/g)].map(([, n]) => Number(n));
}

/**
 * Throws unless, of each key, the numbers seen for the first time are its first ones in order, from `first` on, and
 * `least` events were seen at all. Returns how many were seen more than once.
 */
export function inOrder(
  seen: readonly (readonly [key: string, n: number, ...rest: unknown[]])[],
  { first, count, keys, least = count }: Events & { readonly first: number; readonly least?: number },
): number {
  const expected = new Map<string, number[]>();
  for (let n = first; n < first + count; n++) {
    const key = `order:${keyOf(n, { keys })}`;
    if (!expected.has(key)) expected.set(key, []);
    expected.get(key)!.push(n);
  }
  const found = new Set<number>();
  const next = new Map<string, number>();
  for (const [key, n] of seen) {
    if (n < first || found.has(n)) continue;
    const at = next.get(key) ?? 0;
    const due = expected.get(key)?.[at];
    if (due !== n) throw new Error(`${key}: event ${n} came where ${due} was due: lost or out of order`);
    next.set(key, at + 1);
    found.add(n);
  }
  if (found.size < least) throw new Error(`${found.size} events came, ${least} were acknowledged: lost`);
  return seen.filter(([, n]) => n >= first).length - found.size;
}
