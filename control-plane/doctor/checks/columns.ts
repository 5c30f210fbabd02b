import { expectedTables } from '../../install/expected-tables.ts';
import { ok, problem } from '../finding.ts';
import type { DatabaseCheck } from './database-check.ts';

/** Whether Banyan's tables and their columns are there, as far as this user sees them. */
export const columns: DatabaseCheck = ({ set, columns: found, user, tables }) => {
  const missing = expectedTables(set).flatMap(({ table, columns: wanted }) => {
    const there = found[table];
    if (there === undefined) return [table];
    return wanted.filter((column) => !there.includes(column)).map((column) => `${table}.${column}`);
  });
  const engines = tables.filter(({ name, engine }) => name.startsWith('banyan_') && engine !== 'InnoDB');
  return [
    missing.length === 0
      ? ok('all tables and columns are there')
      : problem(
          `${user} sees no ${missing.join(', ')}`,
          `the ${set} tables of this version, and the right to see them`,
          `banyan install ${set}; if they are there: banyan install ${set} --print lists the rights`,
        ),
    ...engines.map(({ name, engine }) =>
      problem(
        `${name} is ${engine}`,
        'InnoDB: what is written there must be rolled back with its transaction',
        `ALTER TABLE \`${name}\` ENGINE=InnoDB`,
      ),
    ),
  ];
};
