import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, inject, onTestFinished, test } from 'vitest';
import { startChild } from '../../demo/servers/child.ts';
import { append } from '../../outbox/append.ts';
import { until } from '../support/until.ts';
import type { RelayProcess } from './relay-process.ts';
import { drained, numbers, scene } from './support.ts';

test('events of nearly 1 MiB get through, though the emulator takes no more than 7 MiB on the wire at once', async () => {
  const it = await scene();
  const data = { text: 'x'.repeat(900_000) };
  for (const id of numbers(14)) {
    await append((sql, values) => it.database.query(sql, values), {
      type: 'T',
      aggregate: { type: 'thing', id },
      data,
    });
  }
  const stream = { name: it.stream, region: 'us-east-1', endpoint: inject('kinesis') };
  await it.relay({ stream, requestTimeout: 1_500, lease: 4_000 });
  await drained(it);
  expect(await it.states()).toEqual({ pending: 0, settled: 14, parked: 0 });
});

// The peak of a process' memory is in /proc.
test.runIf(process.platform === 'linux')(
  'a backlog of large events does not fill the memory of a relay that starts',
  async () => {
    const it = await scene();
    // 480 MB, of which the window takes 32 MiB at once.
    for (const from of [0, 400, 800]) {
      await it.database.query(
        `INSERT INTO banyan_outbox (event_id, source, type, aggregate_type, aggregate_id, data)
       WITH RECURSIVE ns AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM ns WHERE n < 400)
       SELECT ? + n, '/monolith', 'T', 'thing', ? + n, JSON_QUOTE(REPEAT('x', 400000)) FROM ns`,
        [from, from],
      );
    }
    const options: RelayProcess = {
      database: it.url,
      stream: it.stream,
      endpoint: it.proxy.url,
      name: 'relay',
      lease: 10_000,
      requestTimeout: 4_000,
    };
    const relay = startChild({
      command: process.execPath,
      args: [fileURLToPath(new URL('./relay-process.ts', import.meta.url)), JSON.stringify(options)],
    });
    onTestFinished(() => relay.stop(0));
    const most = 600 * 1_048_576;
    const peak = async () =>
      Number(/VmHWM:\s*(\d+) kB/.exec(await readFile(`/proc/${relay.pid}/status`, 'utf8'))?.[1]) * 1_024;
    const over = async () => (await it.states()).settled > 100 || (await peak()) > most;
    await until('more is through than fits into the window', over);
    expect(await peak()).toBeLessThan(most);
  },
  60_000,
);
