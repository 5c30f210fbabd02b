import { expect, inject, onTestFinished, test } from 'vitest';
import { createHint, HINT_CHANNEL } from '../../outbox/index.ts';
import { openRedis } from '../../runtime/redis.ts';
import { until } from '../support/until.ts';
import { idleRelay } from './idle-relay.ts';
import { drained, scene } from './support.ts';

/** A client of the relays' Redis, for as long as the test. */
async function client() {
  const redis = openRedis(inject('redis'));
  onTestFinished(() => redis.disconnect());
  await until('Redis is there', () => redis.status === 'ready');
  return redis;
}

test('a hint wakes an idle relay, through Redis or in its own process', async () => {
  const it = await scene();
  const idle = await idleRelay(it, { redis: inject('redis') });
  const throughRedis = createHint(await client());
  await idle.hears(throughRedis);
  for (const [n, hint] of [throughRedis, createHint(idle.relay)].entries()) {
    await idle.rest();
    await it.append(['k', n]);
    hint();
    await drained(it);
  }
  expect(await it.published()).toEqual({ 'thing:k': [0, 1] });
  await idle.relay.stop();
  const { looks } = idle;
  const before = looks();
  idle.relay.wake();
  expect(looks()).toBe(before);
});

test('ten thousand hints make few looks, and the last of them is never lost', async () => {
  const it = await scene();
  const idle = await idleRelay(it, { redis: inject('redis') });
  const [redis, listener] = [await client(), await client()];
  await idle.hears(createHint(redis));
  let hints = 0;
  await listener.subscribe(HINT_CHANNEL);
  listener.on('message', () => (hints += 1));

  const before = idle.looks();
  const at = performance.now();
  // As from many writers who know nothing of each other.
  for (let sent = 0; sent < 10_000; sent += 100) {
    const pipeline = redis.pipeline();
    for (let n = 0; n < 100; n++) pipeline.publish(HINT_CHANNEL, '1');
    if (sent === 9_900) await it.append(['k', 1]);
    await pipeline.exec();
  }
  await drained(it);
  const took = performance.now() - at;
  await until('all of them have come', () => hints >= 10_000);
  const looks = idle.looks() - before;
  expect(looks).toBeGreaterThan(0);
  // One look in 5 ms, and what the event itself makes it look.
  expect(looks).toBeLessThan(took / 4 + 50);
  expect(looks).toBeLessThan(2_500);
});

test('a hint that comes while the relay looks into the outbox makes it look again', async () => {
  const it = await scene();
  const idle = await idleRelay(it, { redis: inject('redis') });
  const listener = await client();
  const hint = createHint(await client());
  await idle.hears(hint);
  let hints = 0;
  await listener.subscribe(HINT_CHANNEL);
  listener.on('message', () => (hints += 1));

  const look = idle.hold();
  const before = idle.looks();
  await until('it has looked and has no answer yet', () => {
    hint();
    return idle.looks() > before;
  });
  await it.append(['k', 1]);
  hints = 0;
  hint();
  await until('the hint is there', () => hints > 0);
  look.end();
  await drained(it);
  expect(await it.published()).toEqual({ 'thing:k': [1] });
});
