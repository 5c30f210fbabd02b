import { createConnection } from 'mysql2/promise';
import { expect, inject, onTestFinished, test } from 'vitest';
import { openDatabase } from '../../runtime/database.ts';
import { freshDatabase } from '../support/database.ts';
import { startSkipLockedTap } from '../support/skip-locked-tap.ts';

const NEEDS_IT = 'SELECT id FROM banyan_outbox LIMIT 1 FOR UPDATE SKIP LOCKED';

async function tapped(): Promise<string> {
  const tap = await startSkipLockedTap(inject('databaseServer'));
  onTestFinished(() => tap.stop());
  return `${tap.url}${new URL(await freshDatabase('outbox')).pathname}`;
}

test('the tap has the server reject a statement with SKIP LOCKED as one that it cannot parse, and nothing else', async () => {
  const connection = await createConnection(await tapped());
  onTestFinished(() => connection.end());
  for (const sql of [NEEDS_IT, NEEDS_IT.replace('SKIP LOCKED', 'skip\n  locked')]) {
    await expect(connection.query(sql)).rejects.toMatchObject({ code: 'ER_PARSE_ERROR' });
    await expect(connection.prepare(sql)).rejects.toMatchObject({ code: 'ER_PARSE_ERROR' });
  }
  const text = 'x'.repeat(300_000);
  const [rows] = await connection.query('SELECT ? AS text', [text]);
  expect(rows).toEqual([{ text }]);
  const [prepared] = await connection.execute('SELECT id FROM banyan_outbox WHERE id = ?', [1]);
  expect(prepared).toEqual([]);
});

test('statements that are sent at once are each answered in their turn', async () => {
  const database = openDatabase(await tapped(), { connections: 1 });
  onTestFinished(() => database.end());
  const answers = await Promise.allSettled(
    ['SELECT 1 AS n', NEEDS_IT, 'SELECT 2 AS n'].map((sql) => database.query(sql)),
  );
  expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
});

test('where the run has the tap, the tests of outbox and relay are behind it', async () => {
  const connection = await createConnection(await freshDatabase('outbox'));
  onTestFinished(() => connection.end());
  const answer = connection.query(NEEDS_IT);
  if (inject('tappedServer') === inject('databaseServer')) await answer.catch(() => {});
  else await expect(answer).rejects.toMatchObject({ code: 'ER_PARSE_ERROR' });
});
