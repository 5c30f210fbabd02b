import type { Connection } from '../runtime/database.ts';

const bound = new WeakMap<object, number>();

/**
 * Lets the server end this session when it has heard nothing from it for `timeout` milliseconds and a second: its
 * client has given up by then, and if it fell silent without a word (a network that swallows packets), its
 * transaction would keep the event locked until the default `wait_timeout`, eight hours. For the same reason a lock
 * is awaited no longer than `timeout`. Once per connection; the pool replaces one that the server has ended.
 */
export async function boundSession(connection: Connection, timeout: number): Promise<void> {
  if (bound.get(connection.connection) === timeout) return;
  const seconds = Math.ceil(timeout / 1_000);
  await connection.query(
    `SET SESSION wait_timeout = CAST(LEAST(@@GLOBAL.wait_timeout, ?) AS UNSIGNED),
         SESSION innodb_lock_wait_timeout = CAST(LEAST(@@GLOBAL.innodb_lock_wait_timeout, ?) AS UNSIGNED)`,
    [seconds + 1, seconds],
  );
  bound.set(connection.connection, timeout);
}
