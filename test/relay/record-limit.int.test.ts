import { expect, test } from 'vitest';
import { append } from '../../outbox/append.ts';
import { findParked, redrive } from '../../outbox/operator/index.ts';
import { readRecordLimit } from '../../outbox/read-record-limit.ts';
import { until } from '../support/until.ts';
import { scene } from './support.ts';

test('a limit that somebody changes holds for relay and writers without a restart', async () => {
  let recordKiB = 2;
  const it = await scene(undefined, { recordKiB: () => recordKiB });
  const execute = (sql: string, values: unknown[]) => it.database.query(sql, values);
  const event = (id: number) => ({
    type: 'T',
    aggregate: { type: 'thing', id },
    data: { n: id, text: 'x'.repeat(4_000) },
  });
  const limit = () => readRecordLimit(execute);
  await it.relay({ limitsEvery: 20 });
  await until('writers know the limit', async () => (await limit()) === 2_048);
  await append(execute, event(1));
  await until('it is parked', async () => (await it.states()).parked === 1);
  const [parked] = await findParked(it.database, {}, 1);
  expect(parked!.reason).toMatch(
    /^the record has 4\d\d\d bytes with its key, the stream takes 2048: raise the limit/,
  );
  await expect(append(execute, event(2), { recordLimit: await limit() })).rejects.toThrow(
    /the stream takes 2048/,
  );

  recordKiB = 8;
  await until('writers know that it was raised', async () => (await limit()) === 8_192);
  await append(execute, event(2), { recordLimit: await limit() });
  expect(await redrive(it.database, [parked!], { actor: 'ann' })).toBe(1);
  await until('both are sent', async () => (await it.states()).settled === 2);

  recordKiB = 2;
  await until('writers know that it was lowered', async () => (await limit()) === 2_048);
  await append(execute, event(3));
  await until('it is parked', async () => (await it.states()).parked === 1);
});
