/** One table as the Prisma schema, or the server, describes it; in words that both share. */
export interface Table {
  readonly columns: Readonly<Record<string, string>>;
  /** `PRIMARY (a, b)`, `name (a, b)` or `name unique (a, b)`. */
  readonly keys: readonly string[];
}
export type Tables = Readonly<Record<string, Table>>;

const BASE: Record<string, string> = {
  UnsignedBigInt: 'bigint unsigned',
  UnsignedInt: 'int unsigned',
  UnsignedTinyInt: 'tinyint unsigned',
  LongText: 'longtext',
};

/** The tables of a `schema.prisma`: as much of its language as ours uses; the rest is an error. */
export function readSchema(text: string): Tables {
  const enums = new Map(
    [...text.matchAll(/^enum (\w+) \{\n([\s\S]*?)^\}/gm)].map(([, name, body]) => [
      name!,
      `enum(${words(body!).map((value) => `'${value}'`)})`,
    ]),
  );
  return Object.fromEntries(
    [...text.matchAll(/^model \w+ \{\n([\s\S]*?)^\}/gm)].map(([, body]) => readModel(body!, enums)),
  );
}

function readModel(body: string, enums: ReadonlyMap<string, string>): [string, Table] {
  const columns: Record<string, string> = {};
  const keys: string[] = [];
  const columnOf = new Map<string, string>();
  let table = '';
  for (const line of body.split('\n').map((one) => one.trim())) {
    if (line === '' || line.startsWith('//')) continue;
    const map = /@map\("(\w+)"\)/.exec(line)?.[1];
    if (line.startsWith('@@map')) {
      table = map!;
    } else if (line.startsWith('@@')) {
      const [, kind, fields, name] =
        /^@@(id|index|unique)\(\[([\w, ]+)\](?:, map: "(\w+)")?\)$/.exec(line) ?? [];
      if (!fields) throw new Error(`not understood: ${line}`);
      const of = words(fields.replaceAll(',', ' ')).map((field) => columnOf.get(field) ?? field);
      const named = kind === 'unique' ? `${name} unique` : name;
      keys.push(`${kind === 'id' ? 'PRIMARY' : named} (${of.join(', ')})`);
    } else {
      const [field, type] = words(line) as [string, string];
      const column = map ?? field;
      columnOf.set(field, column);
      columns[column] = describe(line, type, enums);
      if (/ @id\b/.test(line)) keys.push(`PRIMARY (${column})`);
      const unique = / @unique\(map: "(\w+)"\)/.exec(line)?.[1];
      if (unique) keys.push(`${unique} unique (${column})`);
    }
  }
  return [table, { columns, keys: keys.toSorted() }];
}

function describe(line: string, type: string, enums: ReadonlyMap<string, string>): string {
  const [, native = '', size] = /@db\.(\w+)(?:\((\d+)\))?/.exec(line) ?? [];
  const base =
    enums.get(type.replace('?', '')) ?? BASE[native] ?? `${native.toLowerCase()}${size ? `(${size})` : ''}`;
  const value = / @default\((.*?)\)(?= @|$)/.exec(line)?.[1];
  const written = /^dbgenerated\("(.*)"\)$/.exec(value ?? '')?.[1]?.toLowerCase();
  const standard = value === 'now()' ? 'current_timestamp(6)' : (written ?? value);
  return [
    base,
    type.endsWith('?') ? 'null' : 'not null',
    ...(standard === undefined
      ? []
      : [standard === 'autoincrement()' ? 'auto_increment' : `default ${plain(standard)}`]),
  ].join(' ');
}

/** A default without the quotes, brackets and fraction that one writes and another doesn't. */
export function plain(value: string): string {
  return value
    .replace(/^'(.*)'$/, '$1')
    .replace(/^\((.*)\)$/, '$1')
    .replace(/\.0+$/, '');
}

function words(text: string): string[] {
  return text.split(/\s+/).filter(Boolean);
}
