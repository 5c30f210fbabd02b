import { expect, inject, test } from 'vitest';
import { openDatabase } from '../../runtime/database.ts';
import { freshDatabase } from '../support/database.ts';
import { freshStream, readStream } from '../support/stream.ts';

test('a session is in UTC, READ COMMITTED and strict before the first statement', async () => {
  const database = openDatabase(await freshDatabase('outbox', 'inbox', 'control'));
  const [rows] = await database.query<any[]>(
    'SELECT @@session.time_zone AS zone, @@session.sql_mode AS mode',
  );
  expect(rows[0].zone).toBe('+00:00');
  expect(rows[0].mode).toContain('STRICT_TRANS_TABLES');
  await database
    .query(
      "SHOW VARIABLES WHERE Variable_name IN ('tx_isolation', 'transaction_isolation') AND Value = 'READ-COMMITTED'",
    )
    .then(([found]) => {
      expect((found as unknown[]).length).toBeGreaterThan(0);
    });
  await database.end();
});

test('the run has a Kinesis of its own', async () => {
  expect(inject('kinesis')).toMatch(/^http:/);
  expect(await readStream(await freshStream())).toEqual([]);
});
