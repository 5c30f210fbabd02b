import { expect, test } from 'vitest';
import { wait } from '../../runtime/wait.ts';
import { until } from '../support/until.ts';
import { relayChildren } from './relay-children.ts';
import { drained, IMPATIENT, numbers, scene, type Delivery, type Scene } from './support.ts';

const [KILLS, KEYS, EVENTS] = [4, 120, 840];
/** An event in the stream, and the relay that sent its record. */
type Sent = Delivery & { readonly by: string };
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

/**
 * The records of each relay that came behind a record of the same key from a later relay: all that a relay that is gone can
 * still do, as `key by relay` with what they say. `relays` in the order in which they ran.
 */
function lateRecords(stream: readonly Sent[], relays: readonly string[]): Map<string, number[][]> {
  const [reached, records] = [new Map<string, number>(), new Map<string, Map<string, number[]>>()];
  for (const { key, n, by, sequenceNumber } of stream) {
    const turn = relays.indexOf(by);
    if (turn >= (reached.get(key) ?? 0)) {
      reached.set(key, turn);
      continue;
    }
    const whose = `${key} by ${by}`;
    const ofRelay = records.get(whose) ?? new Map<string, number[]>();
    records.set(whose, ofRelay.set(sequenceNumber, [...(ofRelay.get(sequenceNumber) ?? []), n]));
  }
  return new Map([...records].map(([whose, ofRelay]) => [whose, [...ofRelay.values()]]));
}

/** A scene that knows who sent what. */
async function senders() {
  const by = new Map<string, string>();
  let landed = 0;
  const it = await scene(undefined, {
    onTaken: ({ sender = 'last', sequenceNumbers, fault }) => {
      for (const number of sequenceNumbers) by.set(number, sender);
      if (fault?.kind === 'linger') landed += 1;
    },
  });
  return {
    it,
    sent: async (): Promise<Sent[]> =>
      (await it.deliveries()).map((one) => ({ ...one, by: by.get(one.sequenceNumber)! })),
    /** Requests that were written long after they had been sent. */
    landed: () => landed,
  };
}

test(
  'after kill -9 the next relay sends only what was not settled, each key from its first such event on and in order',
  { retry: 0, timeout: 300_000 },
  async () => {
    const { it, sent } = await senders();
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

    const stream = await sent();
    for (const [name, before] of waiting) {
      for (const [key, ns] of byKey(stream.filter(({ by }) => by === name)))
        expect(ns, `${key} by ${name}`).toEqual(before.get(key)?.slice(0, ns.length));
    }
    for (const [whose, late] of lateRecords(stream, [...waiting.keys()]))
      expect(late, `late records of ${whose}`).toHaveLength(1);
    // First deliveries, over all relays: nothing is lost or out of order.
    expect(byKey(stream)).toEqual(byKey(everything));
    // Some kill came between the stream and the database, or nothing of this was put to the test.
    expect(stream.length).toBeGreaterThan(everything.length);
  },
);

test.each(['none', 'same-key'] as const)(
  'what a relay had on its way when it was killed may land behind the next one’s: one record of a key and no more, aggregation %s',
  async (aggregation) => {
    const { it, sent, landed } = await senders();
    const keys = numbers(40).map((n) => `k${n}`);
    const start = relayChildren(it);
    const relay = start({ name: 'first', ...IMPATIENT, aggregation });
    await it.appendAtOnce(keys.map((key) => [key, 1]));
    await drained(it);

    const landing = Promise.withResolvers<void>();
    const [onTheWay, records] = [new Set<string>(), new Set<string>()];
    let [requests, repeats] = [0, 0];
    it.proxy.fault(({ operation, sender, records: some }) => {
      if (operation !== 'PutRecords' || sender !== 'first') return undefined;
      const texts = some.map(({ key, data }) => `${key} ${data.toString('base64')}`);
      // After a time-out the same is sent again, which a machine that stands still brings about.
      if (texts.some((text) => records.has(text))) {
        repeats += 1;
        return { kind: 'hang' };
      }
      for (const text of texts) records.add(text);
      for (const { key } of some) onTheWay.add(key);
      requests += 1;
      return { kind: 'linger', until: landing.promise };
    });
    await it.appendAtOnce(numbers(5).flatMap((n) => keys.map((key): [string, number] => [key, n + 1])));
    await until(
      'all keys are on their way',
      () => onTheWay.size === keys.length || (requests > 0 && repeats > 0),
      60_000,
      1,
    );
    await relay.killed();

    await it.relay({ ...IMPATIENT, name: 'last', aggregation });
    await drained(it);
    landing.resolve();
    await until('it has landed', () => landed() === requests);
    const stream = await sent();
    const late = lateRecords(stream, ['first', 'last']);
    expect(late.size).toBe(onTheWay.size);
    for (const [whose, found] of late) {
      expect(found, `late records of ${whose}`).toHaveLength(1);
      // From the first that was not settled.
      expect(found[0]).toEqual(numbers(6).slice(1, 1 + found[0]!.length));
      if (aggregation === 'none') expect(found[0]).toHaveLength(1);
    }
    expect(byKey(stream)).toEqual(new Map(keys.map((key) => [`thing:${key}`, numbers(6)])));
  },
);
