import { ok, problem, unknown, warning } from '../finding.ts';
import type { DatabaseCheck } from './database-check.ts';

/** Undo that isn't purged yet. Some thousand are usual; millions slow down every read of rows that change often. */
const [HIGH, TOO_HIGH] = [100_000, 5_000_000];

/** How long the history list is: a transaction left open for hours lets it grow. */
export const history: DatabaseCheck = ({ history: length }) => {
  if (!('value' in length))
    return [unknown(length.why, 'the right to see the length of the history list', length.grant)];
  const found = `the history list has ${length.value} entries`;
  const todo =
    'end the oldest transaction: SELECT trx_mysql_thread_id, trx_started FROM information_schema.innodb_trx ORDER BY trx_started LIMIT 1, then KILL it; dumps and reports belong on a replica';
  if (length.value >= TOO_HIGH) return [problem(found, `below ${TOO_HIGH}`, todo)];
  if (length.value >= HIGH) return [warning(found, `below ${HIGH}`, todo)];
  return [ok(found)];
};
