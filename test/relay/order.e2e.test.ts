import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, inject, onTestFinished, test } from 'vitest';
import { startChild, type Child } from '../../demo/servers/child.ts';
import type { CloudEvent } from '../../outbox/event.ts';
import { openDatabase } from '../../runtime/database.ts';
import { wait } from '../../runtime/wait.ts';
import { freshDatabase } from '../support/database.ts';
import { startKinesisProxy, type Call, type Fault } from '../support/kinesis-proxy.ts';
import { freshStream, readStream } from '../support/stream.ts';
import { until } from '../support/until.ts';
import { judge, openJournal } from './journal.ts';
import type { RelayProcess } from './relay-process.ts';
import { writeOutOfOrder } from './writers.ts';

const [EVENTS, KEYS] = [20_000, 500];
const [LEASE, REQUEST_TIMEOUT] = [2_000, 500];

test('nothing is lost and no key is reordered, with writers out of order, relays killed and stopped, and Kinesis failing', async () => {
  const seed = Date.now() % 2 ** 31;
  const random = seeded(seed);
  const url = await freshDatabase('outbox');
  const database = openDatabase(url, { connections: 24 });
  const proxy = await startKinesisProxy(inject('kinesis'));
  const stream = await freshStream(4);
  const folder = mkdtempSync(join(tmpdir(), 'banyan-journal-'));
  const journal = openJournal(join(folder, 'committed'));
  const relays: Child[] = [];
  onTestFinished(async () => {
    for (const relay of relays) relay.kill('SIGKILL');
    await proxy.stop();
    await database.end();
    journal.close();
    rmSync(folder, { recursive: true });
  });
  const start = (index: number) => {
    const options: RelayProcess = {
      database: url,
      stream,
      endpoint: proxy.url,
      name: `relay-${index}`,
      lease: LEASE,
      requestTimeout: REQUEST_TIMEOUT,
    };
    relays[index] = startChild({
      command: process.execPath,
      args: [fileURLToPath(new URL('./relay-process.ts', import.meta.url)), JSON.stringify(options)],
    });
  };
  for (const index of [0, 1, 2]) start(index);
  proxy.fault((call) => badWeather(call, random));

  let writing = true;
  const counts = { killed: 0, stopped: 0 };
  const killing = (async () => {
    while (writing || counts.killed === 0) {
      await wait(random() * 2_000);
      const index = Math.floor(random() * 3);
      relays[index]!.kill('SIGKILL');
      await relays[index]!.ended;
      counts.killed += 1;
      await wait(random() * 500);
      start(index);
    }
  })();
  // Long enough that another relay has its buckets when it wakes up in the middle of its work.
  const stopping = (async () => {
    while (writing || counts.stopped === 0) {
      await wait(random() * 1_000);
      const relay = relays[Math.floor(random() * 3)]!;
      relay.kill('SIGSTOP');
      await wait(LEASE + 2 * REQUEST_TIMEOUT + random() * 1_000);
      relay.kill('SIGCONT');
      counts.stopped += 1;
    }
  })();
  const undone = await writeOutOfOrder(database, journal, {
    events: EVENTS,
    keys: KEYS,
    writers: 16,
    random,
  });
  writing = false;
  await Promise.all([killing, stopping]);
  proxy.fault(() => undefined);
  await until(
    'all rows are settled',
    async () => {
      const [rows] = await database.query(`SELECT 1 FROM banyan_outbox WHERE state <> 'settled' LIMIT 1`);
      return (rows as unknown[]).length === 0;
    },
    60_000,
  );

  const records = (await readStream(stream)).map(({ PartitionKey, Data }) => {
    const { id, data } = JSON.parse(Buffer.from(Data!).toString()) as CloudEvent<{ n: number }>;
    return { key: PartitionKey!, n: data.n, id };
  });
  const { lost, reordered, phantoms, ...verdict } = judge(journal.read(), records);
  const summary = {
    seed,
    ...verdict,
    lost: lost.length,
    reordered: reordered.length,
    phantoms: phantoms.length,
    ...counts,
  };
  process.stdout.write(`order: ${JSON.stringify(summary)}\n`);
  expect(summary, `first reordered: ${JSON.stringify(reordered.slice(0, 5))}`).toMatchObject({
    committed: EVENTS,
    lost: 0,
    reordered: 0,
    phantoms: 0,
  });
  expect(records.filter(({ id }) => undone.has(id))).toEqual([]);
  expect(
    proxy.puts.filter(({ records: sent }) => new Set(sent.map(({ key }) => key)).size < sent.length),
  ).toEqual([]);
});

/** One request in six meets something: the whole of it throttled, part of it failed, or an answer lost. */
function badWeather({ operation }: Call, random: () => number): Fault | undefined {
  if (operation !== 'PutRecords') return undefined;
  const draw = random();
  if (draw < 0.03) return { kind: 'throttle' };
  if (draw < 0.1) return { kind: 'fail-records', which: () => random() < 0.4 };
  if (draw < 0.12) return { kind: 'fail-records', which: () => random() < 0.4, code: 'InternalFailure' };
  if (draw < 0.14) return { kind: 'drop-answer' };
  if (draw < 0.15) return { kind: 'cut' };
  // Written after the relay has given it up.
  if (draw < 0.16) return { kind: 'delay', milliseconds: REQUEST_TIMEOUT * 1.4 };
  return undefined;
}

/** mulberry32: the same numbers for the same seed. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
