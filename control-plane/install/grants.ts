import type { TableSet } from './table-set.ts';

interface UserGrants {
  readonly user: string;
  readonly comment: readonly string[];
  /** Privileges by table. */
  readonly on: Readonly<Record<string, string>>;
  readonly after?: readonly string[];
}

/** What `append` and a capture's triggers write; everything else comes from the database. */
const APPENDED = 'event_id, source, type, aggregate_type, aggregate_id, occurred_at, data, extensions';
const SETTLED = 'state, settled_at, settled_epoch, shard_id, sequence_number, parked_reason';
/** All but `data` and `extensions`, which may hold what an operator needn't see. */
const MEASURED =
  'id, event_id, source, type, aggregate_type, aggregate_id, partition_key, bucket, occurred_at, state, ' +
  'appended_at, connection_id, settled_at, settled_epoch, shard_id, sequence_number, parked_reason';

/** A right on the whole server; there is no lesser one that shows other sessions' transactions. */
const processRight = (user: string) => [
  '-- Shows the open transactions that hold events back (information_schema.innodb_trx), and with them the running',
  '-- statements of all users of the server. Without it `banyan lag` says "unknown", and its exit code is 1.',
  `GRANT PROCESS ON *.* TO ${user};`,
];

const USERS: Record<TableSet, readonly UserGrants[]> = {
  outbox: [
    {
      user: "'banyan_app'@'%'",
      comment: [
        'The monolith: appends, and can neither read nor change what was appended. Give these rights to the user',
        'that it has already, and to the DEFINER of the triggers where tables are captured.',
      ],
      on: { banyan_outbox: `INSERT (${APPENDED})` },
    },
    {
      user: "'banyan_relay'@'%'",
      comment: ['The relay: reads, settles, parks and purges events; it can neither invent nor alter one.'],
      on: {
        banyan_outbox: `SELECT, UPDATE (${SETTLED}), DELETE`,
        banyan_outbox_lease: 'SELECT, UPDATE',
        banyan_outbox_relay: 'SELECT, INSERT, UPDATE, DELETE',
        banyan_outbox_stream: 'SELECT, INSERT, UPDATE',
      },
    },
    {
      user: "'banyan_control'@'%'",
      comment: ['The control plane: measures the lag; it sees no data of any event.'],
      on: {
        banyan_outbox: `SELECT (${MEASURED})`,
        banyan_outbox_lease: 'SELECT',
        banyan_outbox_relay: 'SELECT',
        banyan_outbox_stream: 'SELECT',
      },
      after: processRight("'banyan_control'@'%'"),
    },
  ],
  inbox: [
    {
      user: "'banyan_service'@'%'",
      comment: [
        'The extracted service: remembers what it has handled. Give these rights to the user that it has already.',
      ],
      on: {
        banyan_inbox: 'SELECT, INSERT',
        banyan_checkpoint: 'SELECT, INSERT, UPDATE',
      },
    },
  ],
  control: [
    {
      user: "'banyan_control'@'%'",
      comment: ['The control plane: changes stages, and can only add to the audit.'],
      on: {
        banyan_control: 'SELECT, INSERT, UPDATE',
        banyan_context: 'SELECT, INSERT, UPDATE',
        banyan_audit: 'SELECT, INSERT',
        banyan_gateway: 'SELECT, INSERT, UPDATE, DELETE',
      },
    },
  ],
};

/** The least rights that each user of a set needs, as SQL text for a DBA. `database` is the set's own. */
export function grantsText(set: TableSet, database: string): string {
  const schema = `\`${database.replaceAll('`', '``')}\``;
  return USERS[set]
    .map(({ user, comment, on, after = [] }) =>
      [
        ...comment.map((line) => `-- ${line}`),
        `-- CREATE USER ${user} IDENTIFIED BY '…';`,
        ...Object.entries(on).map(
          ([table, rights]) => `GRANT ${rights} ON ${schema}.\`${table}\` TO ${user};`,
        ),
        ...after,
      ].join('\n'),
    )
    .join('\n\n');
}
