import { ok, problem, unknown, warning, type Said } from '../finding.ts';
import type { DatabaseFacts, TableFacts } from '../facts.ts';
import { account } from '../account.ts';
import type { DatabaseCheck } from './database-check.ts';

const SHOWN = 10;

/** Legacy tables that aren't InnoDB, or have no primary key: of captures a problem, of others worth knowing. */
export const tables: DatabaseCheck = (facts, { captured }) => {
  if (facts.set !== 'outbox') return [];
  const legacy = facts.tables.filter(({ name }) => !name.startsWith('banyan_'));
  const others = legacy.filter(({ name }) => !captured.includes(name));
  const bad = [
    ...captured.flatMap((name) => ofCapture(facts, name, legacy)),
    ...worth(
      others.filter(({ engine }) => engine !== 'InnoDB'),
      'not InnoDB',
      'InnoDB: what is written there stays when the transaction, with its event, is rolled back',
      (name) => `ALTER TABLE \`${name}\` ENGINE=InnoDB`,
    ),
    ...worth(
      others.filter(({ primaryKey }) => !primaryKey),
      'without a primary key',
      'a primary key: it can be captured then, and replicas and Galera apply its rows by it',
      (name) => `ALTER TABLE \`${name}\` ADD COLUMN id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY`,
    ),
  ];
  return bad.length > 0
    ? bad
    : [ok(`${legacy.length} tables that ${facts.user} sees are InnoDB and have a primary key`)];
};

function ofCapture(facts: DatabaseFacts, name: string, legacy: readonly TableFacts[]): Said[] {
  const table = legacy.find((one) => one.name === name);
  if (!table)
    return [
      unknown(
        `${facts.user} sees no table ${name}, which is captured`,
        'a right on it, to see its engine and its key',
        `GRANT SELECT ON \`${facts.database}\`.\`${name}\` TO ${account(facts.user)}; or name another user with --database`,
      ),
    ];
  return [
    ...(table.engine === 'InnoDB'
      ? []
      : [
          problem(
            `${name}, which is captured, is ${table.engine}`,
            'InnoDB: its change stays otherwise when its event is rolled back',
            `ALTER TABLE \`${name}\` ENGINE=InnoDB`,
          ),
        ]),
    ...(table.primaryKey
      ? []
      : [
          problem(
            `${name}, which is captured, has no primary key`,
            'a column that identifies a row alone',
            `banyan capture plan says which columns can be its key`,
          ),
        ]),
    ...(table.charset === null || ['utf8mb4', 'utf8mb3', 'utf8', 'ascii', 'latin1'].includes(table.charset)
      ? []
      : [
          warning(
            `${name}, which is captured, is in ${table.charset}`,
            'a character set of which every character is in utf8mb4',
            'look at a few events of it with characters that are not ASCII',
          ),
        ]),
  ];
}

function worth(
  found: readonly TableFacts[],
  what: string,
  required: string,
  statement: (name: string) => string,
): Said[] {
  if (found.length === 0) return [];
  const names = found.slice(0, SHOWN).map(({ name }) => name);
  const more = found.length > SHOWN ? `, and ${found.length - SHOWN} more` : '';
  return [warning(`${names.join(', ')}${more}: ${what}`, required, statement(names[0]!))];
}
