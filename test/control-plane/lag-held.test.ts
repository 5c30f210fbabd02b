import { expect, test } from 'vitest';
import type { HeldFigures } from '../../consumer/index.ts';
import type { Config } from '../../contexts/index.ts';
import { composeLag } from '../../control-plane/lag/compose-lag.ts';

/** By context, the consumer and what it holds. */
function total(consumers: Readonly<Record<string, readonly [string, (HeldFigures | null)?]>>) {
  const contexts = Object.fromEntries(
    Object.entries(consumers).map(([name, [consumer]]) => [name, { consumer, events: [] }]),
  ) as unknown as Config['contexts'];
  return composeLag({
    config: { contexts, captures: {}, relay: { heartbeat: false } as Config['relay'] },
    outbox: { problem: 'away' },
    rates: { rates: () => undefined, types: () => [] },
    consumer: (name) => {
      const [, held] = consumers[name]!;
      return {
        ...{ consumerState: 'known', consumerLagMs: 1, seenAgoMs: 1 },
        ...(held === undefined ? {} : { held }),
      };
    },
    endToEnd: () => ({ endToEndState: 'none', endToEndMs: null }),
    now: 0,
  }).total;
}

const held = (waiting: number, oldestWaitingMs: number | null): HeldFigures => ({
  ...{ waiting, oldestWaitingMs, parked: 1, oldestParkedMs: 7 },
});

test('what consumers hold is added up, the oldest age stands, and a consumer of two contexts counts once', () => {
  const one = held(2, 50);
  expect(total({ a: ['x', one], b: ['x', one], c: ['y', held(0, null)], d: ['z'] }).consumerHeld).toEqual({
    ...{ waiting: 2, oldestWaitingMs: 50, parked: 2, oldestParkedMs: 7 },
  });
});

test('where one that keeps numbers can’t say what it holds, nobody knows the total; where none keeps any, there is none', () => {
  expect(total({ a: ['x', held(2, 50)], b: ['y', null] }).consumerHeld).toBeNull();
  expect(total({ a: ['x'], b: ['y'] })).not.toHaveProperty('consumerHeld');
});
