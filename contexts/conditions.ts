import type { RequestFields } from './cohort.ts';

/** What a route wants of one header field or one query parameter; without a value it only has to be there. */
export interface Condition {
  readonly of: 'header' | 'query';
  /** A field's name in lower case; a parameter's as it is once decoded. */
  readonly name: string;
  readonly value: string | undefined;
}

/** What a route may ask of a request besides method and path. */
export interface Asked {
  readonly headers: RequestFields;
  /** The query's parameters as one server reads them. */
  readonly query: ReadonlyMap<string, string>;
}

/** `header:` and `query:` of a route as written: exact values, or `true` for any. */
export function conditionsOf({
  header = {},
  query = {},
}: {
  header?: Readonly<Record<string, string | true>> | undefined;
  query?: Readonly<Record<string, string | true>> | undefined;
}): Condition[] {
  const read = (of: Condition['of'], map: Readonly<Record<string, string | true>>) =>
    Object.entries(map).map(([name, value]) => ({
      of,
      name: of === 'header' ? name.toLowerCase() : name,
      value: value === true ? undefined : value,
    }));
  return [...read('header', header), ...read('query', query)];
}

/** Whether a request meets all of them. A field that is repeated is one list (RFC 9110 §5.3), and equals no single value. */
export function meets(conditions: readonly Condition[], { headers, query }: Asked): boolean {
  for (const { of, name, value } of conditions) {
    const found = of === 'query' ? query.get(name) : headers[name];
    if (found === undefined || (value !== undefined && found !== value)) return false;
  }
  return true;
}

/** Whether every request that meets `one` meets `other` as well. */
export function implies(one: readonly Condition[], other: readonly Condition[]): boolean {
  return other.every((wanted) =>
    one.some(
      ({ of, name, value }) =>
        of === wanted.of && name === wanted.name && (wanted.value === undefined || value === wanted.value),
    ),
  );
}

/** Whether no request can meet both: they want different values of the same thing. */
export function exclude(one: readonly Condition[], other: readonly Condition[]): boolean {
  return one.some(({ of, name, value }) =>
    other.some(
      (wanted) =>
        wanted.of === of &&
        wanted.name === name &&
        wanted.value !== undefined &&
        value !== undefined &&
        wanted.value !== value,
    ),
  );
}

/** How much a route asks; one that implies another asks more. */
export function weight(conditions: readonly Condition[]): number {
  return conditions.reduce((sum, { value }) => sum + (value === undefined ? 1 : 2), 0);
}

/** For messages, without the values, which may be secret: `header x-api, query beta`. */
export function describeConditions(conditions: readonly Condition[]): string {
  return conditions.map(({ of, name }) => `${of} ${name}`).join(', ');
}
