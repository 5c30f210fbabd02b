import { pino } from 'pino';
import { expect, inject, onTestFinished, test } from 'vitest';
import { freshDatabase } from '../support/database.ts';
import { freshStream } from '../support/stream.ts';
import { until } from '../support/until.ts';
import { countingConsumer, countingDatabase } from './counting.ts';
import { counted, ForeignRecord, put } from './events.ts';

test('the log tells why an event could not be handled, and nothing of its data', async () => {
  const database = await countingDatabase(await freshDatabase('inbox'));
  onTestFinished(() => database.end());
  const stream = { name: await freshStream(1), endpoint: inject('kinesis') };
  await database.query('CREATE TABLE people (id INT UNSIGNED PRIMARY KEY, mail VARCHAR(50) UNIQUE, age INT)');
  await database.query("INSERT INTO people VALUES (1, 'ada@example.com', 36)");
  await put(stream.name, [new ForeignRecord('k', 'ada@example.com'), counted('k', 1)]);
  const lines: string[] = [];
  const statements: [string, unknown[]][] = [
    ['INSERT INTO people VALUES (2, ?, 1)', ['ada@example.com']],
    ['INSERT INTO people VALUES (3, ?, ?)', ['x', 'ada@example.com']],
    ["INSERT INTO people VALUES (3, 'x', 1, ?", ['ada@example.com']],
  ];
  const consumer = countingConsumer(database, stream, {
    log: pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) }),
    handlers: {
      async Counted(_event, tx) {
        const next = statements.shift();
        if (next) await tx.query(...next);
      },
    },
  });
  onTestFinished(() => consumer.stop());
  await consumer.start();
  await until('all is over', () => consumer.totals().handled === 1);
  const told = lines.map(
    (line) => JSON.parse(line) as { why?: string; err?: { errno: number; message: string } },
  );
  expect(told.map(({ why, err }) => why ?? err?.errno)).toEqual(['it is no JSON', 1062, 1366, 1064]);
  expect(told[1]!.err!.message).toMatch(/^Duplicate entry '…' for key '.*mail'$/);
  expect(lines.join('')).not.toContain('ada@');
});
