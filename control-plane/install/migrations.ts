import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { TableSet } from './table-set.ts';

/** One `prisma/migrations/<name>/migration.sql`. */
export interface Migration {
  readonly name: string;
  readonly sql: string;
  /** SHA-256 of the text, in hex. An applied migration never changes. */
  readonly checksum: string;
}

/** A set's migrations in the order of their names, from the package's own `prisma` folder. */
export function migrationsOf(set: TableSet): Migration[] {
  // The package's root is one folder further up from what `tsc` puts into `dist`.
  const root = import.meta.url.endsWith('.ts') ? '../../' : '../../../';
  const folder = new URL(`${root}prisma/migrations/`, import.meta.url);
  return readdirSync(folder)
    .filter((name) => new RegExp(`^\\d+_${set}(_|$)`).test(name))
    .toSorted()
    .map((name) => migration(name, readFileSync(new URL(`${name}/migration.sql`, folder), 'utf8')));
}

export function migration(name: string, sql: string): Migration {
  return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
}
