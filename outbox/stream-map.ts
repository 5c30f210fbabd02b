/** To which stream the events of each aggregate type go. All events of a key go to one. */
export interface StreamMap {
  /** Of all types that aren't named. */
  readonly stream: string;
  /** By aggregate type. */
  readonly aggregates: Readonly<Record<string, string>>;
}

/** The rows of one stream, told by their key: those that are of these aggregate types, or of any other. */
export interface StreamRows {
  readonly stream: string;
  readonly types: { readonly only: readonly string[] } | { readonly except: readonly string[] };
}

/** The named types as they stand in the database: equal maps are equal texts. */
export function mapText({ aggregates }: Pick<StreamMap, 'aggregates'>): string {
  return JSON.stringify(
    Object.fromEntries(Object.entries(aggregates).toSorted(([a], [b]) => (a < b ? -1 : 1))),
  );
}

/** Which rows belong to `stream`. */
export function rowsOf({ stream, aggregates }: StreamMap, name: string): StreamRows {
  const entries = Object.entries(aggregates);
  const types = (ofStream: boolean) =>
    entries.filter(([, to]) => (to === name) === ofStream).map(([type]) => type);
  return { stream: name, types: stream === name ? { except: types(false) } : { only: types(true) } };
}

/**
 * The map that can be in force: as `wanted`, but for the types with pending events, which stay where they are. The
 * types that aren't named have none where they change their stream. Pure.
 */
export function nextMap(current: StreamMap, wanted: StreamMap, pending: ReadonlySet<string>): StreamMap {
  const aggregates = Object.entries(wanted.aggregates).filter(([type]) => !pending.has(type));
  const kept = [...pending].map((type) => [type, streamOf(current, type)] as const);
  const all = [...aggregates, ...kept].filter(([, stream]) => stream !== wanted.stream);
  return { stream: wanted.stream, aggregates: Object.fromEntries(all) };
}

/** The types whose stream differs, of those that either map names. */
export function changedTypes(current: StreamMap, wanted: StreamMap): string[] {
  const named = new Set([...Object.keys(current.aggregates), ...Object.keys(wanted.aggregates)]);
  return [...named].filter((type) => streamOf(current, type) !== streamOf(wanted, type));
}

export function streamOf({ stream, aggregates }: StreamMap, type: string): string {
  return Object.hasOwn(aggregates, type) ? aggregates[type]! : stream;
}
