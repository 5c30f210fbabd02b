import { expectedTables } from '../../install/expected-tables.ts';
import { ok, problem } from '../finding.ts';
import { maySee } from '../may-see.ts';
import type { DatabaseCheck } from './database-check.ts';

/** Whether each index of the migrations is there, with its columns in order, as far as this user's rights show them. */
export const indexes: DatabaseCheck = (facts) => {
  const { set, indexes: found, columns } = facts;
  const missing = expectedTables(set)
    .filter(({ table }) => columns[table] !== undefined)
    .flatMap(({ table, indexes: wanted }) =>
      Object.entries(wanted)
        .filter(([name, { columns: parts }]) => !found[table]?.includes(`${name} (${parts})`))
        .filter(([, { columns: parts }]) => parts.split(', ').every((part) => maySee(facts, table, part)))
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
