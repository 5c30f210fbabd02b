import { fileURLToPath } from 'node:url';
import { expect, inject, onTestFinished, test } from 'vitest';
import { startChild } from '../../demo/servers/child.ts';
import { freshDatabase } from '../support/database.ts';
import { freshStream } from '../support/stream.ts';
import { until } from '../support/until.ts';
import { countingDatabase, journal, journalSize, upTo } from './counting.ts';
import { countedEvents, put } from './events.ts';

test('killed again and again at random moments, it applies 3,000 events exactly once, each key in order', async () => {
  const url = await freshDatabase('inbox');
  const database = await countingDatabase(url);
  onTestFinished(() => database.end());
  const name = await freshStream(3);
  await put(name, countedEvents(60, 50));
  const start = () =>
    startChild({
      command: process.execPath,
      args: [fileURLToPath(new URL('./counting-process.ts', import.meta.url)), url, name, inject('kinesis')],
    });
  let handled = 0;
  for (let kills = 0; kills < 6; kills += 1) {
    const child = start();
    const next = handled + 1 + Math.floor(Math.random() * 450);
    await until(`${next} handled`, async () => (await journalSize(database)) >= next, 20_000);
    child.kill('SIGKILL');
    await child.ended;
    handled = await journalSize(database);
  }
  expect(handled).toBeLessThan(3_000);
  const last = start();
  onTestFinished(() => last.stop());
  await until('3,000 handled', async () => (await journalSize(database)) >= 3_000, 30_000);
  await last.stop();
  const found = await journal(database);
  expect(found.size).toBe(60);
  for (const numbers of found.values()) expect(numbers).toEqual(upTo(50));
}, 60_000);
