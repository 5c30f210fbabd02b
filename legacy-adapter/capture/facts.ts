/** What to capture: one entry of `captures:` in `banyan.yaml`, with its name. */
export interface Capture {
  readonly name: string;
  readonly table: string;
  /** The column whose value becomes the aggregate's id. */
  readonly key: string;
  /** Columns that may leave the monolith; the key always does. */
  readonly columns: readonly string[];
  /** The aggregate's type. */
  readonly aggregate: string;
}

/** A column as `information_schema` tells of it. */
export interface Column {
  readonly name: string;
  /** `varchar`, `bigint`; `json` on MariaDB too, where a JSON column is a LONGTEXT with a check. */
  readonly dataType: string;
  /** `int(10) unsigned zerofill`. */
  readonly columnType: string;
  readonly nullable: boolean;
  /** In characters, or bytes for binary columns; null where there is none. */
  readonly maxLength: number | null;
  /** Whether every UPDATE sets it: ON UPDATE CURRENT_TIMESTAMP. */
  readonly touched?: boolean;
}

export interface ExistingTrigger {
  readonly name: string;
  readonly table: string;
  readonly event: string;
  readonly timing: string;
  readonly body: string;
  readonly sqlMode: string;
  readonly definer: string;
}

/** A foreign key of the captured table through which its parent's changes reach it without any trigger. */
export interface Cascade {
  readonly constraint: string;
  readonly columns: readonly string[];
  readonly parent: string;
  readonly onDelete: string;
  readonly onUpdate: string;
}

/** All that planning needs to know about a server, an account and a table. */
export interface Facts {
  readonly database: string;
  /** The account that asks, `name@host`: it becomes the triggers' definer. */
  readonly account: string;
  /** The lines of `SHOW GRANTS` for it. */
  readonly grants: readonly string[];
  readonly isMariaDb: boolean;
  readonly binaryLog: boolean;
  readonly binlogFormat: string;
  readonly trustsFunctionCreators: boolean;
  /** Bytes that any value, and so an event, has at most on this server. */
  readonly maxAllowedPacket: number;
  readonly outboxInstalled: boolean;
  /** Undefined when there is no such table, or none that the account may see. */
  readonly table:
    { readonly type: string; readonly engine: string | null; readonly rows: number } | undefined;
  readonly columns: readonly Column[];
  /** Columns that identify a row alone: the only column of a unique index, whole, and never NULL. */
  readonly identifying: readonly string[];
  /** Triggers of the table, and those with this capture's names wherever they are. */
  readonly triggers: readonly ExistingTrigger[];
  readonly cascades: readonly Cascade[];
}
