import { expect, inject, test } from 'vitest';
import { append } from '../../outbox/append.ts';
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
