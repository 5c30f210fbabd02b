import type { TableSet } from './table-set.ts';

interface UserGrants {
  readonly user: string;
  readonly comment: readonly string[];
  /** Privileges by table. */
  readonly on: Readonly<Record<string, string>>;
  readonly after?: readonly string[];
}

/** What `append` and a capture's triggers write; everything else comes from the database. */
const APPENDED =
  'event_id, source, type, aggregate_type, aggregate_id, occurred_at, data, extensions, sequence';
const SETTLED = 'state, settled_at, settled_epoch, parked_reason, parked_kind, parked_at, outcome';
const OPERATED =
  'state, settled_at, settled_epoch, parked_reason, parked_kind, parked_at, outcome, data, extensions, sequence';
/** All but `data` and `extensions`, which may hold what an operator needn't see. */
const MEASURED =
  'id, event_id, source, type, aggregate_type, aggregate_id, partition_key, bucket, occurred_at, state, ' +
  'appended_at, connection_id, settled_at, settled_epoch, shard_id, sequence_number, parked_reason, ' +
  'parked_kind, parked_at, outcome, sequence, stream, replay, bytes, server_clock';

const REPLAYED =
  'event_id, source, type, aggregate_type, aggregate_id, occurred_at, data, extensions, stream, replay';
/** What the completeness audit remembers and finds. */
const AUDITED = {
  banyan_outbox_sequence: 'SELECT',
  banyan_outbox_completeness: 'SELECT, INSERT, UPDATE',
  banyan_outbox_completeness_window: 'SELECT, INSERT, UPDATE, DELETE',
  banyan_outbox_completeness_mark: 'SELECT, INSERT, UPDATE',
  banyan_outbox_completeness_open: 'SELECT, INSERT, UPDATE, DELETE',
  banyan_outbox_completeness_hole: 'SELECT, INSERT, UPDATE, DELETE',
};

const CONTROL = "'banyan_control'@'%'";

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
      on: {
        banyan_outbox: `INSERT (${APPENDED})`,
        banyan_outbox_sequence: 'SELECT, INSERT, UPDATE',
        banyan_outbox_limit: 'SELECT',
      },
    },
    {
      user: "'banyan_relay'@'%'",
      comment: [
        'The relay: reads, settles, parks and purges events, and appends heartbeats, and published events again where a',
        'replay was asked for; it can alter none.',
      ],
      on: {
        banyan_outbox: `SELECT, INSERT (${REPLAYED}), UPDATE (${SETTLED}), DELETE`,
        banyan_outbox_receipt: 'SELECT, INSERT, UPDATE, DELETE',
        banyan_outbox_lease: 'SELECT, UPDATE',
        banyan_outbox_relay: 'SELECT, INSERT, UPDATE, DELETE',
        banyan_outbox_stream: 'SELECT, INSERT, UPDATE',
        banyan_outbox_ownership: 'SELECT',
        banyan_outbox_server: 'SELECT, INSERT, UPDATE',
        banyan_outbox_limit: 'SELECT, INSERT, UPDATE',
        banyan_outbox_pause: 'SELECT, INSERT, UPDATE',
        banyan_outbox_overlap: 'SELECT, INSERT, UPDATE, DELETE',
        banyan_outbox_audit: 'SELECT (id, at, action, outbox_id), INSERT, DELETE',
        banyan_outbox_redrive: 'SELECT, UPDATE, DELETE',
        ...AUDITED,
        banyan_outbox_replay: 'SELECT, INSERT, UPDATE, DELETE',
        banyan_outbox_lag_history: 'SELECT, INSERT, UPDATE, DELETE',
      },
      after: [
        '-- Lets the completeness audit see that no transaction is open which may have appended events. Without it the',
        '-- audit says "not provable". It shows the running statements of all users of the server.',
        "GRANT PROCESS ON *.* TO 'banyan_relay'@'%';",
      ],
    },
    {
      user: "'banyan_operator'@'%'",
      comment: [
        'Whoever runs `banyan parked`, `events`, `types`, `outbox`, `replay`: reads events with their data, has parked and',
        'published ones sent again, gives parked ones up, overwrites the data of those that are erased, moves types; it can',
        'only add to the audit.',
      ],
      on: {
        banyan_outbox: `SELECT, UPDATE (${OPERATED})`,
        banyan_outbox_receipt: 'SELECT',
        banyan_outbox_lease: 'SELECT, UPDATE (epoch)',
        banyan_outbox_relay: 'SELECT',
        banyan_outbox_stream: 'SELECT',
        banyan_outbox_ownership: 'SELECT, INSERT, UPDATE, DELETE',
        banyan_outbox_sequence: 'SELECT, INSERT, UPDATE',
        banyan_outbox_audit: 'SELECT, INSERT',
        banyan_outbox_redrive: 'SELECT, INSERT, UPDATE',
        banyan_outbox_replay: 'SELECT, INSERT, UPDATE',
        banyan_outbox_pause: 'SELECT, INSERT, UPDATE',
        banyan_outbox_completeness_mark: 'SELECT, INSERT, UPDATE',
        banyan_outbox_overlap: 'SELECT, DELETE',
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
        banyan_outbox_lag_history: 'SELECT',
        banyan_outbox_consumer_lag: 'SELECT, INSERT, UPDATE, DELETE',
        banyan_outbox_backfill_due: 'SELECT, INSERT, DELETE',
      },
      after: processRight("'banyan_control'@'%'"),
    },
  ],
  inbox: [
    {
      user: "'banyan_service'@'%'",
      comment: [
        'The extracted service: remembers what it has handled, and forgets numbers and audit that are a year old. Give these',
        'rights to the user that it has already.',
      ],
      on: {
        banyan_inbox: 'SELECT, INSERT',
        banyan_checkpoint: 'SELECT, INSERT, UPDATE',
        banyan_inbox_sequence: 'SELECT, INSERT, UPDATE',
        banyan_inbox_number: 'SELECT, INSERT, UPDATE, DELETE',
        banyan_inbox_held: 'SELECT, INSERT, UPDATE, DELETE',
        banyan_inbox_audit: 'SELECT (id, at), DELETE',
      },
    },
    {
      user: "'banyan_operator'@'%'",
      comment: [
        'Whoever runs `banyan held` and `events`: sees held events with their data, lets keys go on, has parked events handled or',
        'gives them up, overwrites the data of those that are erased; it can only add to the audit.',
      ],
      on: {
        banyan_inbox: 'SELECT, INSERT',
        banyan_inbox_sequence: 'SELECT, UPDATE',
        banyan_inbox_held: 'SELECT, UPDATE (why, envelope), DELETE',
        banyan_inbox_audit: 'SELECT, INSERT',
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
        banyan_lag: 'SELECT, INSERT, UPDATE',
      },
    },
  ],
};

export type UserName = 'banyan_app' | 'banyan_relay' | 'banyan_control' | 'banyan_service';

/** A right that a user needs: on a table (undefined: on the whole server), for all columns unless named. */
export interface NeededRight {
  readonly privilege: string;
  readonly table: string | undefined;
  readonly columns: readonly string[];
}

/** The rights of `grantsText`, by user and one by one. */
export function neededRights(set: TableSet): { readonly user: UserName; readonly rights: NeededRight[] }[] {
  return USERS[set].map(({ user, on, after = [] }) => ({
    user: user.slice(1, -"'@'%'".length) as UserName,
    rights: [
      ...Object.entries(on).flatMap(([table, text]) =>
        text.split(/,\s*(?![^(]*\))/).map((one) => {
          const [, privilege = one, columns = ''] = /^(\w+)(?: \((.*)\))?$/.exec(one) ?? [];
          return { privilege, table, columns: columns === '' ? [] : columns.split(', ') };
        }),
      ),
      ...after.flatMap((line) => {
        const privilege = /^GRANT (\w+) ON \*\.\*/.exec(line)?.[1];
        return privilege === undefined ? [] : [{ privilege, table: undefined, columns: [] }];
      }),
    ],
  }));
}

/** What the control plane needs to remove the triggers of these captured tables, besides the rights above. */
export function stopCaptureRights(tables: readonly string[]): NeededRight[] {
  return [...new Set(tables)].map((table) => ({ privilege: 'TRIGGER', table, columns: [] }));
}

/**
 * The least rights that each user of a set needs, as SQL text for a DBA. `database` is the set's own; `stopped` are the
 * captured tables whose triggers the control plane removes at the budget, none unless given.
 */
export function grantsText(set: TableSet, database: string, stopped: readonly string[] = []): string {
  const quoted = (name: string) => `\`${name.replaceAll('`', '``')}\``;
  const schema = quoted(database);
  const stopping = (user: string) =>
    set !== 'outbox' || user !== CONTROL || stopped.length === 0
      ? []
      : [
          '-- Lets it remove the triggers of captured tables at the budget (`outbox.budget.atBudget: stopCapture`).',
          ...stopCaptureRights(stopped).map(
            ({ privilege, table }) => `GRANT ${privilege} ON ${schema}.${quoted(table!)} TO ${user};`,
          ),
        ];
  return USERS[set]
    .map(({ user, comment, on, after = [] }) =>
      [
        ...comment.map((line) => `-- ${line}`),
        `-- CREATE USER ${user} IDENTIFIED BY '…';`,
        ...Object.entries(on).map(
          ([table, rights]) => `GRANT ${rights} ON ${schema}.\`${table}\` TO ${user};`,
        ),
        ...after,
        ...stopping(user),
      ].join('\n'),
    )
    .join('\n\n');
}
