import { fileURLToPath } from 'node:url';
import { expect, inject, onTestFinished, test } from 'vitest';
import { startChild } from '../../demo/servers/child.ts';
import { freshDatabase } from '../support/database.ts';
import { freshStream } from '../support/stream.ts';
import { until } from '../support/until.ts';
import { countingDatabase, inboxSize, journal, journalSize, upTo } from './counting.ts';
import { countedEvents, disordered, numberedEvents, put } from './events.ts';

test.each([
  ['in the order of the stream', 60, countedEvents(60, 50), []],
  // Far out of order: most are held first, and kills hit those that are handled after a missing one.
  ['in the order of their numbers', 40, disordered(numberedEvents(40, 50), 400), ['sequence']],
])(
  'killed again and again at random moments, it applies thousands of events exactly once, each key %s',
  { retry: 0, timeout: 300_000 },
  async (_, keys, events, more) => {
    const url = await freshDatabase('inbox');
    const database = await countingDatabase(url);
    onTestFinished(() => database.end());
    const name = await freshStream(3);
    await put(name, events);
    const start = () =>
      startChild({
        command: process.execPath,
        args: [
          fileURLToPath(new URL('./counting-process.ts', import.meta.url)),
          ...[url, name, inject('kinesis'), ...more],
        ],
      });
    let handled = 0;
    for (let kills = 0; kills < 6; kills += 1) {
      const child = start();
      const next = handled + 1 + Math.floor(Math.random() * keys * 7);
      await until(`${next} handled`, async () => (await journalSize(database)) >= next);
      child.kill('SIGKILL');
      await child.ended;
      handled = await journalSize(database);
    }
    expect(handled).toBeLessThan(keys * 50);
    const last = start();
    onTestFinished(() => last.stop());
    // What the inbox has and the journal hasn't is an effect that was lost.
    await until('all in the inbox', async () => (await inboxSize(database)) >= keys * 50, 240_000);
    await last.stop();
    const found = await journal(database);
    expect(found.size).toBe(keys);
    for (const numbers of found.values()) expect(numbers).toEqual(upTo(50));
  },
);
