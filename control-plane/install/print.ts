import { BOOKKEEPING, recordStatement } from './bookkeeping.ts';
import { grantsText } from './grants.ts';
import { migrationsOf } from './migrations.ts';
import type { TableSet } from './table-set.ts';
import { tablesOf } from './uninstall.ts';

/**
 * All that `install` does, as SQL text to be run by hand, and the rights that each user then needs. `stopped` as in
 * `grantsText`.
 */
export function installText(set: TableSet, database: string, stopped: readonly string[] = []): string {
  const parts = migrationsOf(set).map(
    (migration) =>
      `-- Migration ${migration.name}\n${migration.sql.trim()}\n\n${recordStatement(set, migration)};`,
  );
  return `-- The ${set} tables of Banyan, for the database ${database}. May be run more than once.
USE ${quoted(database)};

-- Which migrations this database has.
${BOOKKEEPING};

${parts.join('\n\n')}

-- Rights: replace user names, hosts and passwords by your own.

${grantsText(set, database, stopped)}
`;
}

/** All that `uninstall` does, as SQL text to be run by hand, with what it would have refused as comments. */
export function uninstallText(set: TableSet, database: string): string {
  const checks =
    set === 'outbox'
      ? `
-- Only when both of these find nothing: triggers that would fail, events that would be lost.
-- SELECT * FROM information_schema.triggers WHERE action_statement LIKE '%banyan\\_outbox%';
-- SELECT state, COUNT(*) FROM banyan_outbox WHERE state IN ('pending', 'parked') AND type <> 'banyan.heartbeat' GROUP BY state;`
      : '';
  return `-- Takes the ${set} tables of Banyan out of the database ${database}, and nothing else.
USE ${quoted(database)};
${checks}
DELETE FROM \`banyan_migration\` WHERE \`table_set\` = '${set}';
DROP TABLE IF EXISTS ${tablesOf(set).map(quoted).join(', ')};
-- With the last set:
-- DROP TABLE \`banyan_migration\`;
`;
}

function quoted(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}
