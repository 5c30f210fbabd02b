import { pino } from 'pino';
import { Registry } from 'prom-client';
import { expect, onTestFinished, test } from 'vitest';
import { readBackfillDue, stopCaptures } from '../../../control-plane/budget/stop-captures.ts';
import { watchBudget, type BudgetOptions } from '../../../control-plane/budget/watch-budget.ts';
import { applyCapture } from '../../../legacy-adapter/index.ts';
import { readOutboxBytes } from '../../../outbox/size.ts';
import { openDatabase } from '../../../runtime/database.ts';
import { freshDatabase } from '../../support/database.ts';
import { until } from '../../support/until.ts';

/** An outbox with a captured table, and what holds it against a budget. */
async function scene() {
  const database = openDatabase(await freshDatabase('outbox'), { connections: 4 });
  onTestFinished(() => database.end());
  await database.query('CREATE TABLE product (id INT PRIMARY KEY, name VARCHAR(20))');
  const capture = { name: 'product', table: 'product', key: 'id', columns: ['name'], aggregate: 'product' };
  await applyCapture(database, capture);
  const write = (id: number) => database.query("INSERT INTO product VALUES (?, 'x')", [id]);
  const logged: string[] = [];
  function watch(options: Partial<BudgetOptions>) {
    const registry = new Registry();
    const end = watchBudget(database, registry, {
      ...{
        bytes: 10 ** 12,
        atBudget: 'alarm',
        every: 20,
        log: pino({}, { write: (line: string) => void logged.push(line) }),
      },
      captures: [{ name: 'product', context: 'catalogue' }, { name: 'never-applied' }],
      ...options,
    });
    onTestFinished(end);
    const read = async (name: string) =>
      Number(
        new RegExp(`^${name} (.*)$`, 'm').exec(await registry.metrics())![1]!.replace('+Inf', 'Infinity'),
      );
    return { read };
  }
  const events = async () => {
    const [[row]] = (await database.query('SELECT COUNT(*) AS n FROM banyan_outbox')) as unknown as [
      [{ n: number }],
    ];
    return row.n;
  };
  return { database, write, watch, logged, events };
}

test('the size follows what is written, and is never less than the data', async () => {
  const it = await scene();
  const before = await readOutboxBytes(it.database);
  const data = JSON.stringify('x'.repeat(100_000));
  for (let n = 0; n < 60; n += 1)
    await it.database.query(
      `INSERT INTO banyan_outbox (event_id, source, type, aggregate_type, aggregate_id, data) VALUES (UUID(), '/m', 'T', 't', ?, ?)`,
      [n, data],
    );
  await until('it shows', async () => (await readOutboxBytes(it.database)) - before > 6_000_000);
});

test('below the budget it only measures; at it the alarm is on, and capture goes on unless configured', async () => {
  const it = await scene();
  const below = it.watch({});
  await until('it is measured', async () => (await below.read('banyan_outbox_bytes')) > 0);
  await until('its growth is, too', async () => (await below.read('banyan_outbox_seconds_to_budget')) > 0);
  const at = it.watch({ bytes: 1 });
  await until('it is over', async () => (await at.read('banyan_outbox_seconds_to_budget')) === 0);
  await until('it says so once', () => it.logged.some((line) => line.includes('has reached its budget')));
  await it.write(1);
  expect(await it.events()).toBe(1);
  expect(await readBackfillDue(it.database)).toEqual([]);
});

test('with stopCapture the triggers go, the context is marked, and the monolith writes on', async () => {
  const it = await scene();
  it.watch({ bytes: 1, atBudget: 'stopCapture' });
  await until('it is marked and stopped', () =>
    it.logged.some((line) => line.includes('captures were stopped')),
  );
  expect(await readBackfillDue(it.database)).toEqual([
    { capture: 'product', context: 'catalogue', stoppedAt: expect.any(String) },
  ]);
  await it.write(1);
  expect(await it.events()).toBe(0);
  // Not even for a moment is one marked that captures nothing.
  for (let look = 0; look < 100; look += 1) expect(await readBackfillDue(it.database)).toHaveLength(1);
  // Again does nothing, and the first moment stays.
  const [first] = await readBackfillDue(it.database);
  expect(await stopCaptures(it.database, [{ name: 'product' }], 9)).toEqual([]);
  expect(await readBackfillDue(it.database)).toEqual([first]);
});
