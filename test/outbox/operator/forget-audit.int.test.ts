import { expect, onTestFinished, test } from 'vitest';
import { forgetAuditPage } from '../../../outbox/operator/forget-audit.ts';
import { openDatabase } from '../../../runtime/database.ts';
import { freshDatabase } from '../../support/database.ts';

test('old entries of the audit are deleted page by page; young ones stay, and that by which a skipped event is found', async () => {
  const database = openDatabase(await freshDatabase('outbox'));
  onTestFinished(() => database.end());
  await database.query(
    `INSERT INTO banyan_outbox (event_id, source, type, aggregate_type, aggregate_id, data, state, outcome)
     VALUES ('s', '/m', 'T', 'thing', 'k', '1', 'settled', 'skipped'), ('g', '/m', 'T', 'thing', 'k', '1', 'settled', 'silent')`,
  );
  const [events] = await database.query('SELECT id FROM banyan_outbox ORDER BY id');
  const [skipped, gone] = (events as { id: number }[]).map(({ id }) => id);
  const entry = (days: number, action: string, event = 0) =>
    database.query(
      `INSERT INTO banyan_outbox_audit (at, actor, action, outbox_id, event_id, type, partition_key)
       VALUES (NOW(6) - INTERVAL ? DAY, 'ann', ?, ?, 'e', 'T', 'k')`,
      [days, action, event],
    );
  await entry(400, 'skipped', skipped);
  await entry(400, 'skipped', gone);
  for (const days of [380, 370, 366, 364, 1]) await entry(days, 'redriven');
  let deleted = 0;
  const pages: number[] = [];
  for (let after: number | string | undefined = 0; after !== undefined;) {
    const page = await forgetAuditPage(database, { after, size: 2 });
    pages.push(page.deleted);
    deleted += page.deleted;
    after = page.next;
  }
  expect(pages).toEqual([1, 2, 1]);
  expect(deleted).toBe(4);
  const [left] = await database.query(
    'SELECT action, DATEDIFF(NOW(6), at) AS days FROM banyan_outbox_audit ORDER BY id',
  );
  expect(left).toEqual([
    { action: 'skipped', days: 400 },
    { action: 'redriven', days: 364 },
    { action: 'redriven', days: 1 },
  ]);
});
