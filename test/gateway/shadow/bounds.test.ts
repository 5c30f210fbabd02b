import { expect, test } from 'vitest';
import { openBudget } from '../../../gateway/shadow/budget.ts';
import { openCapture, type CaptureEnd } from '../../../gateway/shadow/capture.ts';
import { openCopyQueue, type CopyQueueOptions } from '../../../gateway/shadow/copy-queue.ts';
import { exampleOf, openExamples, shownTarget } from '../../../gateway/shadow/examples.ts';
import { recentWrites } from '../../../gateway/shadow/recent-writes.ts';
import { openTally } from '../../../gateway/shadow/tally.ts';
import { until } from '../../support/until.ts';

function captured(limit: number, room: number) {
  const ends: CaptureEnd[] = [];
  const budget = openBudget(room);
  const capture = openCapture({ method: 'GET', limit, budget, onEnd: (how) => ends.push(how) });
  return { capture, budget, ends };
}

test('a body up to the limit is kept whole, and its bytes are given back', () => {
  const { capture, budget, ends } = captured(6, 100);
  capture.head(200, ['a', 'b']);
  const chunk = Buffer.from('abc');
  capture.data(chunk);
  chunk.fill('x');
  capture.data(Buffer.from('def'));
  capture.end(true);
  expect(ends).toEqual(['whole']);
  expect(budget.held()).toBe(6);
  expect(Buffer.from(capture.answer()!.body).toString()).toBe('abcdef');
  capture.free();
  capture.free();
  expect(budget.held()).toBe(0);
});

test('a longer one is truncated as soon as that is known, and holds nothing', () => {
  const seen = captured(5, 100);
  seen.capture.head(200, []);
  seen.capture.data(Buffer.from('abc'));
  seen.capture.data(Buffer.from('def'));
  seen.capture.data(Buffer.from('ghi'));
  seen.capture.end(true);
  expect(seen.ends).toEqual(['truncated']);
  expect(seen.budget.held()).toBe(0);
  const declared = captured(5, 100);
  declared.capture.head(200, ['Content-Length', '6']);
  expect(declared.ends).toEqual(['truncated']);
});

test('there is one room for all bodies', () => {
  const { capture, budget, ends } = captured(100, 5);
  capture.head(200, []);
  capture.data(Buffer.from('abc'));
  capture.data(Buffer.from('def'));
  expect(ends).toEqual(['no-room']);
  expect(budget.held()).toBe(0);
});

test('an answer that breaks off is broken', () => {
  const { capture, budget, ends } = captured(100, 100);
  capture.head(200, []);
  capture.data(Buffer.from('abc'));
  capture.end(false);
  expect(ends).toEqual(['broken']);
  expect(budget.held()).toBe(0);
});

function queued(options: Partial<CopyQueueOptions>) {
  const queue = openCopyQueue({ queue: 2, concurrency: 1, timeout: 1_000, ...options });
  const sent: ((answered: boolean | undefined) => void)[] = [];
  const dropped: string[] = [];
  const offer = () => queue.offer({ send: (done) => void sent.push(done), drop: (why) => dropped.push(why) });
  return { queue, sent, dropped, offer };
}

test('copies wait for their turn, and one that finds the queue full is dropped', () => {
  const { sent, dropped, offer } = queued({});
  for (let copy = 0; copy < 4; copy += 1) offer();
  expect(sent).toHaveLength(1);
  expect(dropped).toEqual(['queue']);
  sent[0]!(true);
  sent[0]!(true);
  expect(sent).toHaveLength(2);
});

test('a copy that waited too long is dropped', () => {
  let now = 0;
  const { sent, dropped, offer } = queued({ now: () => now });
  offer();
  offer();
  now = 1_001;
  sent[0]!(true);
  expect(sent).toHaveLength(1);
  expect(dropped).toEqual(['late']);
});

test('an upstream that fails five times in a row gets nothing for a while, then one probe, and longer pauses', async () => {
  const pauses: number[] = [];
  const pause = (failures: number) => {
    pauses.push(failures);
    return 1;
  };
  const { queue, sent, dropped, offer } = queued({ queue: 10, concurrency: 3, pause });
  for (let copy = 0; copy < 8; copy += 1) offer();
  for (let copy = 0; copy < 4; copy += 1) sent[copy]!(false);
  sent[4]!(undefined);
  expect(queue.paused()).toBe(false);
  sent[5]!(false);
  expect(queue.paused()).toBe(true);
  offer();
  expect(dropped).toEqual(['paused']);
  expect(sent).toHaveLength(8);
  sent[6]!(undefined);
  sent[7]!(undefined);

  await until('it looks again', () => !queue.paused());
  offer();
  offer();
  expect(sent).toHaveLength(9);
  expect(dropped).toHaveLength(2);
  sent[8]!(false);
  expect(queue.paused()).toBe(true);
  await until('it looks again', () => !queue.paused());
  offer();
  sent[9]!(true);
  for (let copy = 0; copy < 3; copy += 1) offer();
  expect(sent).toHaveLength(13);
  expect(pauses).toEqual([5, 6]);
});

test('nothing waits in a queue that is closed', () => {
  const { queue, dropped, offer } = queued({});
  offer();
  offer();
  queue.close();
  offer();
  expect(dropped).toEqual(['stopped', 'stopped']);
});

test('a write counts while it is under way and for a time after it, for its own cohort', () => {
  let now = 1_000;
  const writes = recentWrites(500, () => now);
  expect(writes.since('ada', 0)).toBe(false);
  writes.begin('ada');
  now = 9_000;
  expect(writes.since('ada', 8_999)).toBe(true);
  writes.end('ada');
  now = 9_400;
  expect(writes.since('ada', 9_000)).toBe(true);
  expect(writes.since('ada', 9_001)).toBe(false);
  expect(writes.since('bob', 0)).toBe(false);
  expect(writes.since(undefined, 0)).toBe(false);
  writes.begin(undefined);
  expect(writes.since(undefined, 9_400)).toBe(true);
});

test('no more cohorts are remembered than there is room for', () => {
  const writes = recentWrites(1_000_000, () => 1);
  for (let cohort = 0; cohort < 10_001; cohort += 1) {
    writes.begin(String(cohort));
    writes.end(String(cohort));
  }
  expect(writes.since('0', 0)).toBe(false);
  expect(writes.since('10000', 0)).toBe(true);
});

test('what has left the window is not counted any more', () => {
  let now = 0;
  const tally = openTally(24_000, () => now);
  tally.add('match');
  now = 12_000;
  tally.add('match');
  tally.add('mismatch');
  now = 23_999;
  expect(tally.counts()).toMatchObject({ match: 2, mismatch: 1 });
  now = 24_000;
  expect(tally.counts()).toMatchObject({ match: 1, mismatch: 1 });
  now = 1_000_000;
  expect(tally.counts()).toMatchObject({ match: 0, mismatch: 0 });
});

test('ten examples of a route are kept, the latest, and two hundred in all', () => {
  const examples = openExamples();
  for (let number = 0; number < 12; number += 1) examples.add('GET /a', exampleOf('GET', `/${number}`, []));
  expect(examples.of('GET /a').map(({ target }) => target)).toEqual(
    Array.from({ length: 10 }, (_, index) => `/${11 - index}`),
  );
  for (let number = 0; number < 200; number += 1) examples.add(`GET /b${number}`, exampleOf('GET', '/', []));
  expect(examples.of('GET /a')).toEqual([]);
  expect(examples.of('GET /b0')).toHaveLength(1);
});

test('a target shows neither the query’s values nor the segments that are declared personal', () => {
  const route = 'GET /users/:email/orders/:id';
  const shown = (target: string) => shownTarget(target, route, [':email']);
  expect(shown('/users/ada@x.org/orders/5?token=abc&q&from=a=b')).toBe(
    '/users/(removed)/orders/5?token=…&…&from=…',
  );
  expect(shown('/x/../users/ada@x.org/orders/5')).toBe('/users/:email/orders/:id');
  expect(shown('/users/ada%40x.org/orders/5')).toBe('/users/:email/orders/:id');
  expect(shownTarget('/orders/5?a=1', 'GET /orders/:id', [])).toBe('/orders/5?a=…');
});
