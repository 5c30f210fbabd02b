import { expectedTables } from '../../install/expected-tables.ts';
import { ok, problem, unknown, type Said } from '../finding.ts';
import { maySee } from '../may-see.ts';
import type { DatabaseFacts } from '../facts.ts';
import type { DatabaseCheck } from './database-check.ts';

/** Whether Banyan's tables and their columns are there, as far as this user's rights show them. */
export const columns: DatabaseCheck = (facts) => {
  const engines = facts.tables.filter(
    ({ name, engine }) => name.startsWith('banyan_') && engine !== 'InnoDB',
  );
  return [
    shape(facts),
    ...engines.map(({ name, engine }) =>
      problem(
        `${name} is ${engine}`,
        'InnoDB: what is written there must be rolled back with its transaction',
        `ALTER TABLE \`${name}\` ENGINE=InnoDB`,
      ),
    ),
  ];
};

function shape(facts: DatabaseFacts): Said {
  const { set, user, columns: found } = facts;
  const wanted = expectedTables(set).flatMap(({ table, columns: names }) =>
    names.map((column) => ({ table, column })),
  );
  const unseen = wanted.filter(({ table, column }) => found[table]?.includes(column) !== true);
  const missing = unseen.filter(({ table, column }) => maySee(facts, table, column));
  if (missing.length > 0) {
    const names = missing.map(({ table, column }) => (found[table] ? `${table}.${column}` : table));
    return problem(
      `${user} sees no ${[...new Set(names)].join(', ')}`,
      `the ${set} tables of this version`,
      `banyan install ${set}`,
    );
  }
  if (unseen.length === wanted.length)
    return unknown(
      `${user} has no right on any table of ${set}, and sees none`,
      'a right on each of them',
      `banyan install ${set} --print lists the rights`,
    );
  const hidden = new Set(unseen.map(({ table }) => table)).size;
  return ok(
    hidden === 0
      ? 'all tables and columns are there'
      : `all tables and columns that ${user} has a right on are there; of ${hidden} tables it sees nothing or a part`,
  );
}
