import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { RowDataPacket } from 'mysql2/promise';
import { expect, onTestFinished, test } from 'vitest';
import { openAggregate } from '../../outbox/aggregated-record.ts';
import { append } from '../../outbox/append.ts';
import type { PutRecord } from '../support/kinesis-proxy.ts';
import { readStream } from '../support/stream.ts';
import { until } from '../support/until.ts';
import { judge, openJournal, type Entry } from './journal.ts';
import { drained, event, IMPATIENT, numbers, scene, type Scene } from './support.ts';

const { deaggregateSync } = createRequire(import.meta.url)('aws-kinesis-agg') as {
  deaggregateSync(
    record: { readonly data: string },
    computeChecksums: boolean,
    after: (error: Error | undefined, records: { data: string }[]) => void,
  ): void;
};

/** Appends events 1 to `count` of one aggregate, in one transaction. */
async function appendMany({ database }: Scene, id: string, count: number, from = 1): Promise<void> {
  await append(
    (sql, values) => database.query(sql, values),
    numbers(count).map((n) => event(id, n + from - 1)),
  );
}
const eventsIn = ({ data }: PutRecord) => openAggregate(data) ?? [data];
const packing = { aggregation: 'same-key' as const };

test("a key's events go in few records, which AWS' own library opens; each has its record's sequence number", async () => {
  const it = await scene();
  await appendMany(it, 'hot', 300);
  await it.append(['cold', 1]);
  await it.relay(packing);
  await drained(it);
  expect(await it.published()).toEqual({ 'thing:hot': numbers(300), 'thing:cold': [1] });
  const records = (await readStream(it.stream)).filter(({ PartitionKey }) => PartitionKey === 'thing:hot');
  expect(records.length).toBeLessThan(30);
  const opened = records.flatMap(({ Data }) => {
    let found: { data: string }[] = [];
    deaggregateSync({ data: Buffer.from(Data!).toString('base64') }, true, (error, all) => {
      if (error) throw error;
      found = all;
    });
    return found.map(({ data }) => (JSON.parse(Buffer.from(data, 'base64').toString()) as { id: string }).id);
  });
  const [rows] = await it.database.query<RowDataPacket[]>(
    "SELECT event_id, r.sequence_number FROM banyan_outbox JOIN banyan_outbox_receipt r USING (id) WHERE aggregate_id = 'hot' ORDER BY id",
  );
  expect(opened).toEqual(rows.map((row) => row['event_id'] as string));
  expect([...new Set(rows.map((row) => row['sequence_number'] as string))]).toEqual(
    records.map(({ SequenceNumber }) => SequenceNumber),
  );
});

test('an answer that got lost: the same events are sent again, and none behind them', async () => {
  const it = await scene();
  await appendMany(it, 'k', 10);
  let lost = false;
  it.proxy.fault(({ records }) => {
    if (records.length === 0 || lost) return undefined;
    lost = true;
    return { kind: 'drop-answer' };
  });
  await it.relay(packing);
  await until('the first answer is lost', () => lost);
  await appendMany(it, 'k', 10, 11);
  await drained(it);
  expect((await it.published())['thing:k']).toEqual([...numbers(10), ...numbers(20)]);
});

test('packed events that are refused as invalid go one by one: the one at fault is parked, and those before it are sent', async () => {
  const it = await scene();
  const faulty = (data: Buffer) => data.includes('"n":7}');
  it.proxy.fault(({ records }) =>
    records.flatMap(eventsIn).some(faulty) ? { kind: 'error', type: 'InvalidArgumentException' } : undefined,
  );
  await appendMany(it, 'k', 10);
  await it.relay(packing);
  await until('it was refused alone', () =>
    it.proxy.puts.some(
      ({ records: [first, second] }) =>
        first && !second && eventsIn(first).length === 1 && faulty(first.data),
    ),
  );
  // The stream takes others since.
  await appendMany(it, 'other', 5);
  const over = { pending: 3, settled: 11, parked: 1 };
  await until('parked, and all others sent', async () => isDeepStrictEqual(await it.states(), over));
  expect(await it.published()).toEqual({ 'thing:k': numbers(6), 'thing:other': numbers(5) });
});

test('a hot key keeps its order and loses nothing while relays change, records fail and answers get lost', async () => {
  const it = await scene();
  const folder = mkdtempSync(join(tmpdir(), 'banyan-journal-'));
  const journal = openJournal(join(folder, 'committed'));
  onTestFinished(() => {
    journal.close();
    rmSync(folder, { recursive: true });
  });
  it.proxy.fault(({ number, records }) => {
    if (records.length === 0) return undefined;
    if (number % 7 === 3) return { kind: 'drop-answer' };
    if (number % 5 === 1) return { kind: 'throttle' };
    return number % 3 === 0 ? { kind: 'fail-records', which: (_, index) => index % 2 === 0 } : undefined;
  });
  const options = { ...IMPATIENT, ...packing, poll: 20 };
  const first = await it.relay({ ...options, name: 'first' });
  for (let n = 0; n < 1_500;) {
    const part = numbers(1 + (n % 40)).map((more) => n + more);
    const events = part.flatMap((one) => [
      event('hot', one),
      ...(one % 9 === 0 ? [event(`c${one}`, 1)] : []),
    ]);
    const ids = await append((sql, values) => it.database.query(sql, values), events);
    journal.write(
      events.map(({ aggregate, data }, index): Entry => ({
        key: `thing:${aggregate.id}`,
        n: data.n,
        id: ids[index]!,
      })),
    );
    n += part.length;
    if (n > 500 && n - part.length <= 500) await it.relay({ ...options, name: 'second' });
    if (n > 1_000 && n - part.length <= 1_000) await first.stop();
  }
  await drained(it, 60_000);
  const entries = (await readStream(it.stream)).flatMap(({ PartitionKey, Data }) =>
    (openAggregate(Data!) ?? [Buffer.from(Data!)]).map((text): Entry => {
      const { id, data } = JSON.parse(text.toString()) as { id: string; data: { n: number } };
      return { key: PartitionKey!, n: data.n, id };
    }),
  );
  const { lost, reordered, phantoms, duplicated } = judge(journal.read(), entries);
  expect({ lost, reordered, phantoms }).toEqual({ lost: [], reordered: [], phantoms: [] });
  expect(duplicated).toBeGreaterThan(0);
});
