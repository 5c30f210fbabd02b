import { expect, test } from 'vitest';
import { shardPace, type ShardPace } from '../../relay/shard-pace.ts';

const none = { records: 0, bytes: 0 };
const answer = (acknowledged: number, failed: number, sentAt: number) => ({
  acknowledged,
  failed,
  bytes: acknowledged * 100,
  sentAt,
});

test('a shard that fails everything is tried with one record at a time, at ever longer intervals up to 5 s', () => {
  const pace = shardPace(() => 1);
  let now = 0;
  const pauses = Array.from({ length: 9 }, () => {
    pace.answered(answer(0, 10, now), now);
    expect(pace.allowed(now, 0)).toEqual(none);
    const pause = pace.readyAt(now) - now;
    now = pace.readyAt(now);
    expect(pace.allowed(now, 0).records).toBe(1);
    expect(pace.allowed(now, 1)).toEqual(none);
    return pause;
  });
  expect(pauses).toEqual([50, 100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
});

test('a shard without failures has no limit, but that no more is on its way than it takes in a second', () => {
  const pace = shardPace();
  expect(pace.allowed(0, 1_000).records).toBe(0);
  for (let now = 0; now < 1_000; now += 10) {
    pace.sent(1_000, now);
    pace.answered(answer(500, 0, now), now + 5);
    expect([pace.allowed(now + 5, 500).records, pace.readyAt(now + 5)]).toEqual([500, now + 5]);
  }
});

test('requests that were under way together slow a shard down once', () => {
  const pace = shardPace(() => 1);
  for (const now of [500, 900]) pace.answered(answer(500, 0, now - 5), now);
  pace.answered(answer(0, 400, 900), 1_000);
  const after = pace.readyAt(1_000);
  for (const now of [1_001, 1_400]) pace.answered(answer(0, 400, 905), now);
  expect(after).toBeGreaterThan(1_000);
  // 970 records a second, none yet: a pulse of 25 ms takes as long.
  expect(after).toBe(1_025);
  expect(pace.allowed(1_030, 0).records).toBeGreaterThan(24);
});

/** A shard as Kinesis limits it: so many records and bytes a second, one second's worth at most at once. */
function shard(limits: (now: number) => { records: number; bytes: number }) {
  let [records, bytes, at] = [limits(0).records, limits(0).bytes, 0];
  return (count: number, size: number, now: number) => {
    const limit = limits(now);
    const seconds = (now - at) / 1_000;
    at = now;
    records = Math.min(limit.records, records + seconds * limit.records);
    bytes = Math.min(limit.bytes, bytes + seconds * limit.bytes);
    const acknowledged = Math.max(0, Math.min(count, Math.floor(records), Math.floor(bytes / size)));
    records -= acknowledged;
    bytes -= acknowledged * size;
    return { acknowledged, failed: count - acknowledged };
  };
}

interface Sender {
  readonly pace: ShardPace;
  inFlight: { readonly sentAt: number; readonly count: number; answeredAt: number }[];
  taken: number;
  attempts: number;
}

/**
 * Relays with an endless backlog in front of one shard, in virtual time: eight requests at once each, late timers, and
 * answers that take their time. Returns what was taken and attempted from `from` to `to` seconds.
 */
function simulate(
  { size, answersAfter, relays = 1, to }: { size: number; answersAfter: number; relays?: number; to: number },
  limits: (now: number) => { records: number; bytes: number },
  from = 2,
) {
  let seed = 42;
  const random = () => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647;
  const take = shard(limits);
  const senders = Array.from({ length: relays }, (): Sender => ({
    pace: shardPace(random),
    inFlight: [],
    taken: 0,
    attempts: 0,
  }));
  const wakeAt = senders.map(() => 0);
  for (let now = 0; now < to * 1_000; now += 1) {
    for (const [index, sender] of senders.entries()) {
      const { pace } = sender;
      for (const request of sender.inFlight.filter(({ answeredAt }) => answeredAt <= now)) {
        const found = take(request.count, size, now);
        pace.answered({ ...found, bytes: found.acknowledged * size, sentAt: request.sentAt }, now);
        sender.inFlight = sender.inFlight.filter((one) => one !== request);
        wakeAt[index] = now;
        if (now < from * 1_000) continue;
        sender.taken += found.acknowledged;
        sender.attempts += request.count;
      }
      if (now < wakeAt[index]! || sender.inFlight.length >= 8) continue;
      const flying = sender.inFlight.reduce((sum, { count }) => sum + count, 0);
      const allowed = pace.allowed(now, flying);
      const count = Math.min(500, allowed.records, Math.ceil(allowed.bytes / size));
      if (count > 0) {
        for (let sent = 0; sent < count; sent += 1) pace.sent(size, now);
        const answeredAt = now + Math.ceil(answersAfter * (0.5 + random()));
        sender.inFlight.push({ sentAt: now, count, answeredAt });
      }
      // Timers are late on a busy machine.
      wakeAt[index] = Math.max(now + 1, pace.readyAt(now)) + Math.floor(random() * 15);
    }
  }
  return senders.map(({ taken, attempts }) => ({ perSecond: taken / (to - from), taken, attempts }));
}
const kinesis = () => ({ records: 1_000, bytes: 1_048_576 });

test.each([
  { size: 300, answersAfter: 3 },
  { size: 300, answersAfter: 20 },
  { size: 300, answersAfter: 100 },
  { size: 4_000, answersAfter: 20 },
  { size: 100_000, answersAfter: 20 },
])('a shard at its limit is used to 96 % for a minute, with few failures: %o', (load) => {
  const [{ perSecond, taken, attempts }] = simulate({ ...load, to: 62 }, kinesis) as [
    ReturnType<typeof simulate>[number],
  ];
  const limit = Math.min(1_000, 1_048_576 / load.size);
  expect(perSecond / limit).toBeGreaterThan(0.96);
  expect((attempts - taken) / taken).toBeLessThan(0.05);
});

test('relays that share a shard use it together, and none starves', () => {
  const all = simulate({ size: 300, answersAfter: 20, relays: 3, to: 62 }, kinesis);
  expect(all.reduce((sum, { perSecond }) => sum + perSecond, 0)).toBeGreaterThan(950);
  for (const { perSecond } of all) expect(perSecond).toBeGreaterThan(100);
  expect(all.reduce((sum, { attempts, taken }) => sum + attempts - taken, 0) / 60_000).toBeLessThan(0.1);
});

test('a limit that falls is kept within seconds, and one that rises is found within a minute', () => {
  const changing = (now: number) => {
    const part = now < 20_000 ? 1 : now < 40_000 ? 0.3 : 4;
    return { records: 1_000 * part, bytes: 1_048_576 * part };
  };
  const [low] = simulate({ size: 300, answersAfter: 20, to: 40 }, changing, 22);
  expect(low!.perSecond).toBeGreaterThan(285);
  expect((low!.attempts - low!.taken) / low!.taken).toBeLessThan(0.15);
  const [high] = simulate({ size: 300, answersAfter: 20, to: 110 }, changing, 100);
  expect(high!.perSecond).toBeGreaterThan(3_800);
});

test('a shard that took nothing for a while is used to 90 % again soon after it takes records', () => {
  const dead = (now: number) =>
    now > 5_000 && now < 15_000 ? { records: 0, bytes: 0 } : { records: 1_000, bytes: 1_048_576 };
  const [after] = simulate({ size: 300, answersAfter: 20, to: 60 }, dead, 30);
  expect(after!.perSecond).toBeGreaterThan(900);
});
