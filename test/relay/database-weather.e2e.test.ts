import { expect, onTestFinished, test } from 'vitest';
import { startDatabase } from '../../demo/servers/database.ts';
import { createDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';
import { wait } from '../../runtime/wait.ts';
import { drained, scene } from './support.ts';

test('the database is killed and away for 30 s while writers write: appends fail cleanly, the relay recovers', async () => {
  const server = await startDatabase();
  onTestFinished(() => server.stop());
  const it = await scene(await createDatabase(server.url, 'outbox'));
  const relay = await it.relay({ ops: '127.0.0.1:0' });
  const committed: number[] = [];
  let failed = 0;
  let writing = true;
  // A commit whose answer was lost may have happened, so a number that failed is never used again.
  const writer = (async () => {
    for (let n = 1; writing; n++) {
      await it.append(['k', n]).then(
        () => committed.push(n),
        () => (failed += 1),
      );
      await wait(20);
    }
  })();
  await until('events flow', async () => (await it.states()).settled > 20);
  server.kill('SIGKILL');
  const down = performance.now();
  await wait(30_000);
  expect(failed).toBeGreaterThan(0);
  expect(await (await fetch(`${relay.opsUrl}/readyz`)).text()).toContain('not ready: database');
  await server.restart();
  const [back, before] = [performance.now(), committed.length];
  expect(back - down).toBeGreaterThan(30_000);
  await until('events flow again', () => committed.length > before + 20);
  writing = false;
  await writer;
  await drained(it);
  const first = [...new Set((await it.published())['thing:k'])];
  expect(first).toEqual(first.toSorted((a, b) => a - b));
  expect(committed.filter((n) => !first.includes(n))).toEqual([]);
  expect(it.logged.filter((line) => line.includes('database')).length).toBeLessThan(20);
});
