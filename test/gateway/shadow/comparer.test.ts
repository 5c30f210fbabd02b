import { expect, onTestFinished, test } from 'vitest';
import { openComparer } from '../../../gateway/shadow/comparer.ts';
import { keptLog } from '../support/gateway.ts';

const answer = (text: string) => ({
  status: 200,
  fields: ['content-type', 'application/json'],
  body: new Uint8Array(Buffer.from(text)),
});

function opened(patience?: number) {
  const { log, lines } = keptLog();
  const plans = { inventory: { places: [], everywhere: [], fields: [], maxBody: 100_000_000 } };
  const comparer = openComparer({ plans, log, ...(patience === undefined ? {} : { patience }) });
  onTestFinished(() => comparer.close());
  const compare = (one: string, other: string, context = 'inventory') =>
    comparer.compare(context, { route: 'GET /a', monolith: answer(one), extracted: answer(other) });
  return { comparer, compare, lines };
}

test('answers are compared in another thread, and the one that asks goes on meanwhile', async () => {
  const { compare } = opened();
  const many = JSON.stringify(Array.from({ length: 50_000 }, (_, index) => ({ index })));
  await compare('1', '1');
  let turns = 0;
  const turning = setInterval(() => (turns += 1), 1);
  const judged = await compare(many, many.replace('49999', '1'));
  clearInterval(turning);
  expect(judged).toMatchObject({ outcome: 'mismatch', differences: [{ place: '$[49999].index' }] });
  expect(turns).toBeGreaterThan(2);
});

test('a thread that dies is started again; what it had is lost, and known to be', async () => {
  const { comparer, compare, lines } = opened();
  expect(await compare('1', '1', 'unknown')).toBeUndefined();
  expect(await compare('1', '1.0')).toMatchObject({ outcome: 'match' });
  expect(comparer.restarts()).toBe(1);
  expect(lines).toContainEqual(expect.objectContaining({ msg: 'the thread that compares answers died' }));
});

test('so is one that is stuck', async () => {
  const { comparer, compare, lines } = opened(1);
  const many = `[${Array.from({ length: 500_000 }, (_, index) => index).join()}]`;
  expect(await compare(many, `${many} `)).toBeUndefined();
  expect(comparer.restarts()).toBe(1);
  expect(lines).toContainEqual(
    expect.objectContaining({ msg: 'the thread that compares answers is stuck; it is started again' }),
  );
});

test('after the stop nothing is compared, and nobody waits', async () => {
  const { comparer, compare } = opened();
  const under = compare('1', '1');
  await comparer.close();
  expect(await under).toBeUndefined();
  expect(await compare('1', '1')).toBeUndefined();
});
