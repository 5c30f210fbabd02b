import { expectedTables } from '../../install/expected-tables.ts';
import { ok, problem } from '../finding.ts';
import type { DatabaseCheck } from './database-check.ts';

/** Whether each index of the migrations is there, with its columns in order. */
export const indexes: DatabaseCheck = ({ set, indexes: found, columns }) => {
  const missing = expectedTables(set)
    .filter(({ table }) => columns[table] !== undefined)
    .flatMap(({ table, indexes: wanted }) =>
      Object.entries(wanted)
        .filter(([name, { columns: parts }]) => !found[table]?.includes(`${name} (${parts})`))
        .map(([name, { columns: parts, add }]) =>
          problem(
            `${table} has no index ${name} (${parts})${other(found[table], name)}`,
            'every index of the migrations: without one, reading the outbox gets slower with every event',
            `${other(found[table], name) === '' ? '' : `ALTER TABLE \`${table}\` DROP INDEX \`${name}\`; `}${add}`,
          ),
        ),
    );
  return missing.length === 0 ? [ok('all indexes are there')] : missing;
};

function other(there: readonly string[] | undefined, name: string): string {
  const same = there?.find((index) => index.startsWith(`${name} (`));
  return same === undefined ? '' : `, but ${same}`;
}
