import type { NewEvent } from './event.ts';
import { InvalidEventError } from './invalid-event.ts';
import { newRow, type NewRow } from './new-row.ts';
import { mistakesByRegistry } from './registry/check-event.ts';
import { isSequenced, type Registry } from './registry/registry.ts';
import { takeNumbers } from './take-numbers.ts';

/** Runs one statement with `?` placeholders inside the caller's open transaction. */
export type Execute = (sql: string, values: (string | null)[]) => PromiseLike<unknown>;

export interface AppendOptions {
  /**
   * The stream's record limit in bytes, envelope and key included: `await readRecordLimit(query)` is the stream's
   * real one. Default 1,048,576, which is Kinesis' own unless the stream was raised
   * (https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html).
   */
  readonly recordLimit?: number | undefined;
  /**
   * The declared event types: what isn't one of them, or whose data its schema doesn't take, is refused; events of
   * aggregates that are `ordered: sequence` are numbered. Without it nothing is checked and nothing numbered.
   */
  readonly registry?: Registry | undefined;
}

/** One statement has 65,535 placeholders at most (MySQL and MariaDB), a row takes up to 9. */
const MOST_EVENTS = 5_000;

/**
 * Writes events into `banyan_outbox` inside the caller's transaction, with one INSERT; they go to the stream
 * if and when that transaction commits, in commit order per key provided that the caller holds a lock on the
 * aggregate (updating its row does). Returns the event ids in the order given.
 *
 * Events of an aggregate that is `ordered: sequence` need no other lock: a statement before the INSERT counts up the
 * number of each key, and keeps it locked until the transaction ends. Keys come in one order, so that two calls can't
 * deadlock; two transactions that each append twice, to the same keys in another order, can.
 *
 * Rejects with InvalidEventError before anything is sent when an event isn't one, else with what `execute`
 * rejected with: the transaction is the caller's to roll back.
 */
export async function append(
  execute: Execute,
  event: NewEvent | readonly NewEvent[],
  { recordLimit = 1_048_576, registry }: AppendOptions = {},
): Promise<string[]> {
  const events = Array.isArray(event) ? (event as readonly NewEvent[]) : [event as NewEvent];
  if (events.length === 0) return [];
  if (events.length > MOST_EVENTS) {
    throw new InvalidEventError([
      `${events.length} events at once; at most ${MOST_EVENTS} fit one statement: append them in parts`,
    ]);
  }
  const mistakes: string[] = [];
  const rows: NewRow[] = [];
  for (const [index, given] of events.entries()) {
    const found: string[] = [];
    const row = newRow(given, { recordLimit, registry }, found);
    if (registry && found.length === 0) found.push(...(await mistakesByRegistry(registry, checked(row))));
    mistakes.push(...found.map((one) => (events.length === 1 ? one : `event ${index + 1}: ${one}`)));
    rows.push(row);
  }
  const ids = rows.map(({ id }) => id);
  const seen = new Set<string>();
  for (const id of ids) {
    if (seen.has(id)) mistakes.push(`id: '${id}' is given more than once; an event's id is its own`);
    seen.add(id);
  }
  if (mistakes.length > 0) throw new InvalidEventError(mistakes);
  const numbered = rows.filter(({ aggregateType }) => isSequenced(registry, aggregateType));
  await insert(execute, rows, await takeNumbers(execute, numbered));
  return ids;
}

// JSON gives a Date or a toJSON back as what the stream and the relay's check will see.
const checked = ({ type, aggregateType, version, data }: NewRow) => ({
  type,
  aggregateType,
  version,
  data: JSON.parse(data) as unknown,
});

// A time given in a session whose zone has summer time: FROM_UNIXTIME is an hour off in the hour that comes
// twice (seen on MariaDB 10.11), and each driver sends a Date in another zone. MySQL reads an offset in the
// text, MariaDB doesn't but can change the zone for one statement; each ignores the other's comment.
const UTC = "CONCAT(?, /*!80019 '+00:00', */ '')";
const MARIADB_IN_UTC = "/*M!100500 SET STATEMENT time_zone = '+00:00' FOR */ ";

/** `numberOf`: SQL text and value of a row's number within its key. Without any, the column isn't named. */
async function insert(
  execute: Execute,
  rows: readonly NewRow[],
  numberOf: ReadonlyMap<NewRow, { readonly sql: string; readonly key: string }>,
): Promise<void> {
  const timed = rows.some(({ time }) => time !== undefined);
  const numbered = numberOf.size > 0;
  const places = rows.map((row) => {
    const time = row.time === undefined ? 'DEFAULT' : UTC;
    return `(?, ?, ?, ?, ?, ${time}, ?, ?${numbered ? `, ${numberOf.get(row)?.sql ?? 'NULL'}` : ''})`;
  });
  const columns = `event_id, source, type, aggregate_type, aggregate_id, occurred_at, data, extensions${numbered ? ', sequence' : ''}`;
  await execute(
    `${timed ? MARIADB_IN_UTC : ''}INSERT INTO banyan_outbox (${columns}) VALUES ${places.join(', ')}`,
    rows.flatMap((row) => {
      const { id, source, type, aggregateType, aggregateId, time, data, extensions } = row;
      const key = numberOf.get(row)?.key;
      return [
        ...[id, source, type, aggregateType, aggregateId],
        ...(time === undefined ? [] : [time]),
        ...[data, extensions],
        ...(key === undefined ? [] : [key]),
      ];
    }),
  );
}
