import { expect, test } from 'vitest';
import { wait } from '../../runtime/wait.ts';
import { until } from '../support/until.ts';
import { relayChildren } from './relay-children.ts';
import { drained, IMPATIENT, numbers, scene, type Scene } from './support.ts';

const [KILLS, KEYS, EVENTS] = [4, 120, 840];
/** Per key the numbers of events, each once, in order. */
type Numbers = Map<string, number[]>;

function byKey(events: readonly { readonly key: string; readonly n: number }[]): Numbers {
  const found = new Map<string, Set<number>>();
  for (const { key, n } of events) found.set(key, (found.get(key) ?? new Set()).add(n));
  return new Map([...found].map(([key, ns]) => [key, [...ns]]));
}

/** What no relay has settled, as the database has it. */
async function unsettled({ database }: Scene): Promise<Numbers> {
  const [rows] = await database.query(
    `SELECT partition_key, JSON_EXTRACT(data, '$.n') AS n FROM banyan_outbox WHERE state = 'pending' ORDER BY id`,
  );
  return byKey(
    (rows as { partition_key: string; n: string }[]).map(({ partition_key: key, n }) => ({
      key,
      n: Number(n),
    })),
  );
}

test(
  'after kill -9 the next relay sends only what was not settled, each key from its first such event on and in order',
  { retry: 0, timeout: 300_000 },
  async () => {
    const senders = new Map<string, string>();
    const it = await scene(undefined, {
      onTaken: ({ sender = 'last', sequenceNumbers }) => {
        for (const number of sequenceNumbers) senders.set(number, sender);
      },
    });
    const start = relayChildren(it);
    it.proxy.fault(() => ({ kind: 'delay', milliseconds: 10 + Math.random() * 70 }));

    /** What waited when that relay started. */
    const waiting = new Map<string, Numbers>();
    const everything: { key: string; n: number }[] = [];
    for (const round of numbers(KILLS)) {
      const fresh = numbers(EVENTS).map((n): [string, number] => [`k${n % KEYS}`, round * EVENTS + n]);
      await it.appendAtOnce(fresh);
      everything.push(...fresh.map(([id, n]) => ({ key: `thing:${id}`, n })));
      const name = `relay-${round}`;
      waiting.set(name, await unsettled(it));
      const puts = it.proxy.puts.length;
      // Each key has seven events at least: unpacked, they take as many requests.
      const packed = round % 3 === 0;
      const relay = start({ name, ...IMPATIENT, aggregation: packed ? 'same-key' : 'none' });
      const some = packed ? 1 : Math.ceil(Math.random() * 6);
      await until(`${name} has sent some`, () => it.proxy.puts.length >= puts + some, 60_000, 1);
      await wait(Math.random() * 60);
      await relay.killed();
    }
    waiting.set('last', await unsettled(it));
    it.proxy.fault(() => undefined);
    await it.relay({ ...IMPATIENT, name: 'last' });
    await drained(it);

    const stream = (await it.deliveries()).map((one) => ({ ...one, by: senders.get(one.sequenceNumber) }));
    for (const [name, before] of waiting) {
      for (const [key, sent] of byKey(stream.filter(({ by }) => by === name)))
        expect(sent, `${key} by ${name}`).toEqual(before.get(key)?.slice(0, sent.length));
    }
    // First deliveries, over all relays: nothing is lost or out of order.
    expect(byKey(stream)).toEqual(byKey(everything));
    // Some kill came between the stream and the database, or nothing of this was put to the test.
    expect(stream.length).toBeGreaterThan(everything.length);
  },
);
