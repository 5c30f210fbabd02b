import { expect, test } from 'vitest';
import { wait } from '../../runtime/wait.ts';
import { inLanes } from './in-lanes.ts';
import type { Deed, PlannedDeed } from './plan.ts';

const planned = (at: number, lane: string, relay: number): PlannedDeed => ({
  at,
  takes: 0,
  lane,
  deed: { kind: 'step-clock', relay },
});

test('a deed that took longer than planned puts off those behind it in its lane, and no other', async () => {
  const end = new AbortController();
  const done: { relay: number; from: number; to: number }[] = [];
  const act = async (deed: Deed) => {
    const { relay } = deed as Extract<Deed, { kind: 'step-clock' }>;
    const from = performance.now();
    if (relay === 0) await wait(300);
    done.push({ relay, from, to: performance.now() });
  };
  const deeds = [planned(0, 'a', 0), planned(100, 'a', 1), planned(100, 'b', 2)];
  expect(await inLanes(deeds, end.signal, act, () => {})).toEqual({ done: { 'step-clock': 3 }, failed: {} });
  const [slow, after, other] = [0, 1, 2].map((one) => done.find(({ relay }) => relay === one)!);
  expect(after!.from - slow!.to).toBeGreaterThan(90);
  expect(other!.from).toBeLessThan(slow!.to);
});

test('none is done after the end, and one that could not be done is told and counted apart', async () => {
  const end = new AbortController();
  const said: string[] = [];
  const act = async () => {
    end.abort();
    throw new Error('no such relay');
  };
  const deeds = [planned(0, 'a', 0), planned(60_000, 'a', 1)];
  expect(await inLanes(deeds, end.signal, act, (line) => said.push(line))).toEqual({
    done: {},
    failed: { 'step-clock': 1 },
  });
  expect(said).toEqual(['step-clock could not be done: no such relay']);
});
