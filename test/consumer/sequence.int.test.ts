import { createPool, type RowDataPacket } from 'mysql2/promise';
import { pino } from 'pino';
import { expect, inject, onTestFinished, test } from 'vitest';
import { mysqlInbox, type Consumer, type ConsumerOptions } from '../../consumer/index.ts';
import {
  findGaps,
  findKnown,
  handleKnown,
  passGap,
  readInboxAudit,
  skipKnown,
} from '../../consumer/operator/index.ts';
import type { CloudEvent } from '../../outbox/event.ts';
import type { Connection } from '../../runtime/database.ts';
import { freshDatabase } from '../support/database.ts';
import { freshStream } from '../support/stream.ts';
import { until } from '../support/until.ts';
import { countingConsumer, countingDatabase, journal, sequenced, upTo, writeDown } from './counting.ts';
import { counted, disordered, numberedEvent, numberedEvents, put } from './events.ts';

const APPLICATION = 'counting';
const ann = { actor: 'ann', reason: 'why' };

async function service(...events: CloudEvent[]) {
  const url = await freshDatabase('inbox');
  const database = await countingDatabase(url);
  const stream = { name: await freshStream(1), endpoint: inject('kinesis') };
  if (events.length > 0) await put(stream.name, events);
  const consumers: Consumer[] = [];
  onTestFinished(async () => {
    await Promise.all(consumers.map((consumer) => consumer.stop()));
    await database.end();
  });
  return {
    url,
    database,
    inbox: mysqlInbox(database),
    put: (...more: CloudEvent[]) => put(stream.name, more),
    async started(more: Partial<ConsumerOptions<Connection>> = {}) {
      const consumer = countingConsumer(database, stream, { registry: sequenced, ...more });
      consumers.push(consumer);
      await consumer.start();
      return consumer;
    },
    numbersOf: async (key = 'k') => (await journal(database)).get(key) ?? [],
    known: () => findKnown(database, {}, 100),
    gaps: () => findGaps(database, {}, 100),
  };
}

const readBy = ({ totals }: Consumer) => {
  const { handled, duplicate, unhandled, replay, held } = totals();
  return { handled, duplicate, unhandled, replay, held };
};
const at = { application: APPLICATION, stream: 's', shard: 'shard' };
/** As a consumer would that dies right after the commit: nothing that is ready is handled. */
const applied = (inbox: ReturnType<typeof mysqlInbox>, event: CloudEvent) =>
  inbox.numbers!.apply(
    at,
    { event, key: event.partitionkey, number: BigInt(event.sequence!) },
    { effect: (tx) => writeDown(event, tx), recorded: Date.now() },
  );

test('handles a key in the order of its numbers, in whatever order they come, while other keys go on', async () => {
  const [three, two] = [numberedEvent('k', 3), numberedEvent('k', 2)];
  const { database, started } = await service(
    numberedEvent('k', 1),
    three,
    three,
    numberedEvent('k', 5),
    numberedEvent('o', 1),
    numberedEvent('k', 4),
    numberedEvent('o', 2),
    two,
    two,
    numberedEvent('k', 6),
  );
  const consumer = await started();
  await until('all handled', () => consumer.totals().handled === 8 && consumer.totals().duplicate === 2);
  expect(readBy(consumer)).toEqual({ handled: 8, duplicate: 2, unhandled: 0, replay: 0, held: 3 });
  expect([...(await journal(database))]).toEqual([
    ['k', upTo(6)],
    ['o', [1, 2]],
  ]);
  const [rows] = await database.query<RowDataPacket[]>('SELECT counter, n FROM journal ORDER BY seq');
  // What waits keeps nothing else from being handled.
  expect(rows.map(({ counter, n }) => `${counter}${n}`).join(' ')).toBe('k1 o1 o2 k2 k3 k4 k5 k6');
  await consumer.stop();
  const again = await started();
  await until('read again', () => again.lag().lagMs !== null);
  expect(Object.values(again.totals())).toEqual([0, 0, 0, 0, 0, 0, 0]);
});

test('an event that waits counts in the lag and the metrics, after a restart too, and the log warns of its key', async () => {
  const recordedtime = new Date(Date.now() - 3_600_000).toISOString();
  const {
    started,
    put: send,
    gaps,
    numbersOf,
  } = await service(numberedEvent('k', 1), numberedEvent('o', 1), numberedEvent('k', 4, { recordedtime }));
  const lines: string[] = [];
  const told = { ops: '127.0.0.1:0', gapWarning: 500 };
  const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) });
  const metrics = async (consumer: Consumer) => (await fetch(`${consumer.opsUrl()}/metrics`)).text();
  for (const seen of [2, 0]) {
    const consumer = await started({ ...told, log });
    await until('read', () => consumer.totals().handled === seen && (consumer.lag().lagMs ?? 0) > 3_500_000);
    await until('shown', async () =>
      /held_events\{why="gap",application="counting"\} 1\n/.test(await metrics(consumer)),
    );
    await until('warned', () => lines.some((line) => line.includes('"missing":"2 to 3"')));
    expect(await metrics(consumer)).toMatch(/held_oldest_seconds\{why="gap",application="counting"\} \d+\n/);
    lines.length = 0;
    await consumer.stop();
    // What is held isn't read again: the checkpoint is behind it.
    expect(readBy(consumer)).toMatchObject({ handled: seen, duplicate: 0 });
  }
  expect(await gaps()).toMatchObject([
    { application: APPLICATION, key: 'counter:k', handled: '1', next: '4', held: 1 },
  ]);
  await send(numberedEvent('k', 2), numberedEvent('k', 3));
  const consumer = await started(told);
  await until('handled', () => consumer.totals().handled === 3);
  await until('no lag', () => (consumer.lag().lagMs ?? Infinity) < 100_000);
  expect(await metrics(consumer)).toContain('held_events{why="gap",application="counting"} 0');
  expect(await numbersOf()).toEqual(upTo(4));
});

test('a key begins with the first number that is seen of it; an earlier one that comes then is parked', async () => {
  const { started, known, numbersOf } = await service(
    numberedEvent('k', 57),
    numberedEvent('k', 58),
    numberedEvent('k', 56),
    numberedEvent('k', 59),
  );
  const consumer = await started();
  await until('all read', () => consumer.totals().handled + consumer.totals().held === 4);
  expect(await numbersOf()).toEqual([57, 58, 59]);
  expect(await known()).toMatchObject([{ number: '56', otherEventId: null, state: 'parked' }]);
});

test('types without a handler move the numbers, replays and events without a number do not', async () => {
  const noted = numberedEvent('k', 2, { type: 'Noted' });
  const { started, numbersOf, gaps } = await service(
    numberedEvent('k', 1),
    noted,
    numberedEvent('k', 3),
    numberedEvent('k', 4, { replayid: 'r1' }),
    counted('k', 100),
    noted,
    numberedEvent('k', 6),
    numberedEvent('k', 5, { type: 'Noted' }),
    numberedEvent('k', 4),
  );
  const consumer = await started();
  await until('all handled', () => consumer.totals().handled === 5);
  expect(readBy(consumer)).toEqual({ handled: 5, duplicate: 1, unhandled: 2, replay: 1, held: 2 });
  expect(await numbersOf()).toEqual([1, 3, 100, 4, 6]);
  expect(await gaps()).toEqual([]);
});

test('a known number with another event is parked with both ids, and never handled or dropped by itself', async () => {
  const events = [1, 2, 3].map((n) => numberedEvent('k', n));
  const [second, other] = [numberedEvent('k', 2), numberedEvent('k', 3)];
  const {
    database,
    inbox,
    put: send,
    started,
    known,
    numbersOf,
  } = await service(...events.slice(0, 2), second, second, events[2]!, other);
  const lines: string[] = [];
  const log = pino({ level: 'error' }, { write: (line: string) => void lines.push(line) });
  const consumer = await started({ log, ops: '127.0.0.1:0' });
  await until('all read', () => Object.values(readBy(consumer)).reduce((a, b) => a + b) === 6);
  expect(readBy(consumer)).toMatchObject({ handled: 3, held: 2, duplicate: 1 });
  expect(await numbersOf()).toEqual(upTo(3));
  const parked = await known();
  expect(parked).toMatchObject([
    { key: 'counter:k', number: '2', eventId: second.id, otherEventId: events[1]!.id, type: 'Counted' },
    { key: 'counter:k', number: '3', eventId: other.id, otherEventId: events[2]!.id },
  ]);
  expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
    { key: 'counter:k', number: '2', event: second.id, other: events[1]!.id },
    { key: 'counter:k', number: '3', event: other.id, other: events[2]!.id },
  ]);
  await until('shown', async () =>
    (await (await fetch(`${consumer.opsUrl()}/metrics`)).text()).includes(
      'held_events{why="known",application="counting"} 2',
    ),
  );
  // It is no event that waits for others: whoever reads the lag would wait for it for ever.
  expect(consumer.lag().lagMs).toBeLessThan(30_000);

  expect(await handleKnown(database, parked[0]!, ann)).toBe(true);
  expect(await handleKnown(database, parked[0]!, ann)).toBe(false);
  expect(await skipKnown(database, parked[1]!, ann)).toBe(true);
  await until('handled', async () => (await numbersOf()).length === 4);
  await send(second, other, numberedEvent('k', 4));
  await until('the next', async () => (await numbersOf()).includes(4));
  expect(await numbersOf()).toEqual([1, 2, 3, 2, 4]);
  expect(await known()).toEqual([]);
  expect(await readInboxAudit(database, 10)).toMatchObject([
    { action: 'skipped', actor: 'ann', reason: 'why', key: 'counter:k' },
    { action: 'handled', detail: expect.stringContaining(`number 2, event ${second.id}, other event`) },
  ]);
  expect(await inbox.apply(at, other.id, async () => {})).toBe('duplicate');
});

test('of two events that wait with one number the first is handled, and the other one parked', async () => {
  const [first, second] = [numberedEvent('k', 3), numberedEvent('k', 3)];
  const { started, known, numbersOf } = await service(
    numberedEvent('k', 1),
    first,
    second,
    numberedEvent('k', 4),
    numberedEvent('k', 2),
  );
  const consumer = await started();
  await until('all handled', () => consumer.totals().handled === 4);
  await until('parked', async () => (await known()).length === 1);
  expect(await known()).toMatchObject([{ eventId: second.id, otherEventId: first.id, number: '3' }]);
  expect(await numbersOf()).toEqual(upTo(4));
});

test('an operator lets a key go on without a number that never comes; where it comes after all, it is parked', async () => {
  const {
    database,
    put: send,
    started,
    gaps,
    known,
    numbersOf,
  } = await service(...[1, 4, 5, 7].map((n) => numberedEvent('k', n)));
  const of = { application: APPLICATION, key: 'counter:k' };
  const consumer = await started();
  await until('held', () => consumer.totals().held === 3);
  expect(await passGap(database, of, ann)).toBe('2 to 3');
  await until('goes on', async () => (await numbersOf()).length === 3);
  expect(await gaps()).toMatchObject([{ handled: '5', next: '7', held: 1 }]);
  expect(await passGap(database, of, ann)).toBe('6');
  await until('goes on again', async () => (await numbersOf()).length === 4);
  expect(await passGap(database, of, ann)).toBeUndefined();
  await send(numberedEvent('k', 2), numberedEvent('k', 8));
  await until('the next', async () => (await numbersOf()).length === 5);
  expect(await numbersOf()).toEqual([1, 4, 5, 7, 8]);
  expect(await known()).toMatchObject([{ number: '2', otherEventId: null }]);
  expect(await readInboxAudit(database, 10)).toMatchObject([
    { action: 'passed', detail: 'number 6', key: 'counter:k' },
    { action: 'passed', detail: 'number 2 to 3', actor: 'ann', reason: 'why' },
  ]);
});

test('a held event whose handler fails, or loses its transaction, is tried again before what comes after it', async () => {
  const { started, numbersOf } = await service(...[1, 3, 2, 4].map((n) => numberedEvent('k', n)));
  let attempts = 0;
  const consumer = await started({
    handlers: {
      async Counted(event, tx) {
        const { n } = event.data as { n: number };
        if (n === 3) attempts += 1;
        if (n === 3 && attempts <= 2) throw new Error('not yet');
        if (n === 3 && attempts === 3) return void (await tx.query('ROLLBACK'));
        await writeDown(event, tx);
      },
    },
  });
  await until('all handled', async () => (await numbersOf()).length === 4);
  expect(attempts).toBe(4);
  expect(consumer.totals().retries).toBeGreaterThanOrEqual(2);
  expect(await numbersOf()).toEqual(upTo(4));
});

test('what became ready before a crash is handled after the start, and first', async () => {
  const { inbox, put: send, started, numbersOf } = await service();
  for (const [n, ready] of [
    [1, false],
    [3, false],
    [4, false],
    [2, true],
  ] as const)
    expect((await applied(inbox, numberedEvent('k', n))).ready).toBe(ready);
  // Its turn comes after those that are ready, though its number were the next of a key that had handled them.
  expect(await applied(inbox, numberedEvent('k', 3))).toMatchObject({ outcome: 'gap', ready: true });
  await started();
  await until('handled', async () => (await numbersOf()).length === 4);
  await send(numberedEvent('k', 5));
  await until('the next', async () => (await numbersOf()).length === 5);
  expect(await numbersOf()).toEqual(upTo(5));
});

test('numbers go on over what a process has handled that keeps none', async () => {
  const { inbox, started, numbersOf } = await service();
  const [one, two, three] = [1, 2, 3].map((n) => numberedEvent('k', n)) as [
    CloudEvent,
    CloudEvent,
    CloudEvent,
  ];
  expect(await applied(inbox, one)).toMatchObject({ outcome: 'handled' });
  for (const event of [two, three]) await inbox.apply(at, event.id, (tx) => writeDown(event, tx));
  expect(await applied(inbox, three)).toMatchObject({ outcome: 'gap' });
  expect(await applied(inbox, two)).toMatchObject({ outcome: 'duplicate', ready: true });
  const consumer = await started();
  await until('gone on', () => consumer.totals().duplicate === 1);
  expect(await applied(inbox, numberedEvent('k', 4))).toMatchObject({ outcome: 'handled' });
  expect(await numbersOf()).toEqual(upTo(4));
});

test('started twice, an application handles each number once and in order, whatever its sessions’ isolation is', async () => {
  const { url, database, put: send, started } = await service();
  const plain = createPool({ uri: url, connectionLimit: 5 });
  onTestFinished(() => plain.end());
  await send(...disordered(numberedEvents(10, 20), 40));
  const both = await Promise.all([started(), started({ inbox: mysqlInbox(plain) })]);
  await until('all handled', async () => [...(await journal(database)).values()].flat().length >= 10 * 20);
  for (const numbers of (await journal(database)).values()) expect(numbers).toEqual(upTo(20));
  expect(both.every((consumer) => consumer.totals().handled > 0)).toBe(true);
});

test('keys that differ in spaces, or in case, count apart; a number is exact above 2^53', async () => {
  const { inbox, database } = await service();
  const great = 2n ** 64n - 2n;
  const of = (key: string, number: bigint) => {
    const event = { ...counted(key, 1), sequence: String(number).padStart(20, '0') };
    return applied(inbox, event);
  };
  for (const key of ['k', 'k ', 'K']) {
    expect(await of(key, great)).toMatchObject({ outcome: 'handled' });
    expect(await of(key, great - 1n)).toMatchObject({ outcome: 'known', last: great, other: undefined });
    expect(await of(key, great + 1n)).toMatchObject({ outcome: 'handled' });
  }
  expect((await journal(database)).size).toBe(3);
});
