import type { DatabaseFacts } from '../../../control-plane/doctor/facts.ts';
import { expectedTables } from '../../../control-plane/install/expected-tables.ts';

const outbox = expectedTables('outbox');

/** An outbox with which nothing is amiss, but for what the test changes. */
export function soundFacts(changed: Partial<DatabaseFacts> = {}): DatabaseFacts {
  return {
    set: 'outbox',
    database: 'shop',
    user: 'root@localhost',
    version: '9.7.1',
    grants: ['GRANT ALL PRIVILEGES ON *.* TO `root`@`localhost` WITH GRANT OPTION'],
    variables: SOUND,
    isolation: 'READ-COMMITTED',
    stableSession: true,
    servers: ['a', 'a'],
    history: { value: 12 },
    skipLocked: undefined,
    clock: { ahead: 3, within: 1 },
    columns: Object.fromEntries(outbox.map(({ table, columns }) => [table, columns])),
    indexes: Object.fromEntries(
      outbox.map(({ table, indexes }) => [
        table,
        Object.entries(indexes).map(([name, { columns }]) => `${name} (${columns})`),
      ]),
    ),
    tables: outbox.map(({ table }) => ({
      name: table,
      engine: 'InnoDB',
      primaryKey: true,
      charset: 'utf8mb4',
    })),
    ...changed,
  };
}

export const SOUND = {
  transaction_isolation: 'REPEATABLE-READ',
  log_bin: 'ON',
  binlog_format: 'ROW',
  binlog_row_image: 'FULL',
  max_allowed_packet: '67108864',
  innodb_flush_log_at_trx_commit: '1',
  sync_binlog: '1',
  read_only: 'OFF',
  wait_timeout: '28800',
};
