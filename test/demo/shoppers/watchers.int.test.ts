import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { serveLive, type Live } from '../../../demo/live/serve-live.ts';
import { createTally, openStage } from '../../../demo/shoppers/tally.ts';
import { startWatchers } from '../../../demo/shoppers/watchers.ts';
import { until } from '../../support/until.ts';

/** A shop whose stock everybody may watch, and where it stands. */
async function startLive(): Promise<{ url: string; live: Live }> {
  const server = createServer();
  const live = serveLive(server, { side: 'monolith', admit: async () => async () => ({ items: [] }) });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    await live.close();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, live };
}

test('pages stay open or come and go until told to leave; each is an inventory read of its cohort', async () => {
  const { url } = await startLive();
  const tally = createTally();
  const stage = openStage('all on the monolith', 0);
  tally.stage = stage;
  const leaving = new AbortController();
  const watchers = startWatchers({ url, tally, staying: 3, coming: 2, signal: leaving.signal });
  await until('some have come again', () => watchers.tally.opened > 4);
  await until('all were seen', () => stage.cohorts.size === 5);
  leaving.abort();
  await watchers.ended;
  expect(watchers.tally).toMatchObject({ held: 3, dropped: [] });
  expect([...stage.cohorts.values()].every((sides) => [...sides.keys()].join() === 'monolith')).toBe(true);
  expect(tally).toMatchObject({ failed: 0, readsOnService: 0 });
});

test('a WebSocket that breaks is named, and is opened again', async () => {
  const { url, live } = await startLive();
  const leaving = new AbortController();
  const watchers = startWatchers({
    url,
    tally: createTally(),
    staying: 2,
    coming: 0,
    signal: leaving.signal,
  });
  await until('both are open', () => watchers.tally.messages === 2);
  await live.close();
  await until('both have broken', () => watchers.tally.dropped.length >= 2);
  leaving.abort();
  await watchers.ended;
  expect(watchers.tally.dropped.slice(0, 2).toSorted()).toEqual([
    'a WebSocket of stays-0 to monolith: 1001',
    'a WebSocket of stays-1 to monolith: 1001',
  ]);
});
