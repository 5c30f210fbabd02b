import { inTransaction, type Connection, type Database } from '../runtime/database.ts';
import { wait } from '../runtime/wait.ts';
import { runStatement } from './run-statement.ts';

/** Counters of one transaction: an append to one of these keys waits for it. */
const MOST = 100;

/** What the other outbox has sent is seen: the completeness audit would miss these numbers here. */
const MARKED = (keys: number) =>
  `INSERT INTO banyan_outbox_completeness_mark (partition_key, seen, expected)
   VALUES ${Array.from({ length: keys }, () => '(?, ?, 0)').join(', ')}
       ON DUPLICATE KEY UPDATE seen = GREATEST(seen, VALUES(seen))`;

interface Counter {
  readonly key: string;
  readonly sequence: number | string;
}

/**
 * Lets the numbers of keys (`ordered: sequence`) and the epochs of buckets of one outbox go on in another one. Neither
 * goes back, so doing it twice changes nothing.
 *
 * What the other one appended of a key before it had the counter was numbered by a counter of its own. None of it has
 * been sent, so it is numbered anew, behind the last number that was given here. The counter stays locked meanwhile, as
 * by an append: nobody is numbering the key at the same time, and all that was numbered is committed.
 */
export async function handOver(
  from: Database,
  to: Database,
  aggregateTypes: readonly string[],
): Promise<void> {
  await carryEpochs(from, to);
  for (let after = ''; ;) {
    const { rows }: { rows: Counter[] } = await runStatement<Counter>(
      from,
      `SELECT partition_key AS \`key\`, sequence FROM banyan_outbox_sequence
        WHERE SUBSTRING_INDEX(partition_key, ':', 1) IN (?) AND partition_key > ? ORDER BY partition_key LIMIT ${MOST}`,
      [aggregateTypes, after],
    );
    if (rows.length === 0) return;
    const began = performance.now();
    await runStatement(
      to,
      MARKED(rows.length),
      rows.flatMap(({ key, sequence }) => [key, sequence]),
    );
    // In the order in which appends lock them.
    const counters = rows.toSorted((a, b) => (a.key < b.key ? -1 : 1));
    await inTransaction(to, (connection) => carryNumbers(connection, counters), {
      what: 'numbers go on',
      timeout: 30_000,
    });
    after = rows.at(-1)!.key;
    // Writers come first: it rests as long as it worked.
    await wait(Math.max(1, performance.now() - began));
  }
}

/** Rejects with what the server says where numbers are to be carried over and this user may not; changes nothing. */
export async function mayHandOver(
  from: Database,
  to: Database,
  aggregateTypes: readonly string[],
): Promise<void> {
  const { rows } = await runStatement<{ key: string }>(
    from,
    `SELECT partition_key AS \`key\` FROM banyan_outbox_sequence
      WHERE SUBSTRING_INDEX(partition_key, ':', 1) IN (?) LIMIT 1`,
    [aggregateTypes],
  );
  if (rows.length === 0) return;
  // Rights are looked at whether or not there is a row.
  await runStatement(to, 'UPDATE banyan_outbox SET sequence = sequence WHERE id = 0');
  await runStatement(to, 'UPDATE banyan_outbox_completeness_mark SET seen = seen WHERE FALSE');
  await runStatement(
    to,
    'INSERT INTO banyan_outbox_completeness_mark SELECT * FROM banyan_outbox_completeness_mark WHERE FALSE',
  );
}

async function carryNumbers(to: Connection, counters: readonly Counter[]): Promise<void> {
  await to.query(
    `INSERT INTO banyan_outbox_sequence (partition_key, sequence) VALUES ${counters.map(() => '(?, 0)').join(', ')}
     ON DUPLICATE KEY UPDATE sequence = sequence`,
    counters.map(({ key }) => key),
  );
  const [found] = await to.query(
    'SELECT partition_key AS `key`, sequence FROM banyan_outbox_sequence WHERE partition_key IN (?)',
    [counters.map(({ key }) => key)],
  );
  const here = new Map((found as Counter[]).map(({ key, sequence }) => [key, BigInt(sequence)]));
  for (const { key, sequence } of counters) {
    const [given, known] = [BigInt(sequence), here.get(key) ?? 0n];
    const moved = known === 0n ? 0n : await moveNumbers(to, key, given);
    const next = moved > 0n ? known + moved : known;
    here.set(key, next > given ? next : given);
  }
  await to.query(
    `INSERT INTO banyan_outbox_sequence (partition_key, sequence) VALUES ${counters.map(() => '(?, ?)').join(', ')}
     ON DUPLICATE KEY UPDATE sequence = GREATEST(sequence, VALUES(sequence))`,
    counters.flatMap(({ key }) => [key, String(here.get(key))]),
  );
}

/** Numbers what waits of the key behind `given`, unless it is already. Returns by how much the numbers have grown. */
async function moveNumbers(to: Connection, key: string, given: bigint): Promise<bigint> {
  const waiting = `bucket = CRC32(?) MOD 64 AND CAST(partition_key AS BINARY) = CAST(? AS BINARY) AND state = 'pending'
     AND replay IS NULL AND sequence IS NOT NULL`;
  const [rows] = await to.query(
    `SELECT id, sequence FROM banyan_outbox FORCE INDEX (banyan_outbox_state_bucket) WHERE ${waiting} ORDER BY id`,
    [key, key],
  );
  const found = rows as { readonly id: number | string; readonly sequence: number | string }[];
  const first = found.map(({ sequence }) => BigInt(sequence)).reduce((a, b) => (b < a ? b : a), given + 1n);
  if (first > given) return 0n;
  const by = given + 1n - first;
  for (let at = 0; at < found.length; at += MOST) {
    const some = found.slice(at, at + MOST);
    await to.query(
      `UPDATE (SELECT ? AS id ${'UNION ALL SELECT ? '.repeat(some.length - 1)}) v
         STRAIGHT_JOIN banyan_outbox o ON o.id = v.id SET o.sequence = o.sequence + ?`,
      [...some.map(({ id }) => id), String(by)],
    );
  }
  return by;
}

/** A bucket's next owner over there has an epoch above all that were here. */
async function carryEpochs(from: Database, to: Database): Promise<void> {
  const { rows } = await runStatement<{ bucket: number; epoch: number | string }>(
    from,
    'SELECT bucket, epoch FROM banyan_outbox_lease ORDER BY bucket',
  );
  for (const { bucket, epoch } of rows)
    await runStatement(to, 'UPDATE banyan_outbox_lease SET epoch = ? + 1 WHERE bucket = ? AND epoch <= ?', [
      epoch,
      bucket,
      epoch,
    ]);
}
