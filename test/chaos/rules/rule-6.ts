import { hashOf } from '../../../relay/shard-range.ts';
import { WINDOW_SIZE } from '../../../relay/window.ts';
import { until } from '../../support/until.ts';
import type { RuleOff } from './rule-off.ts';
import { keyOf } from './rule-scene.ts';

/** Twice what a relay keeps in memory of one of two shards. */
const BACKLOG = WINDOW_SIZE.rows;
/** Milliseconds. With the rule in force they take a fraction of a second, or what a busy machine makes of it. */
const [STARVED_AFTER, PATIENCE] = [2_000, 60_000];

export const rule6: RuleOff = {
  rule: 6,
  title: "What can't be sent now never occupies the claim window",
  instead: 'have one window for all shards',
  relays: 1,
  async play(scene) {
    scene.fault(() => ({ kind: 'fail-records', which: ({ key }) => inFirstShard(key) }));
    const throttled = named('throttled', BACKLOG, true);
    for (let from = 0; from < throttled.length; from += 4_000)
      await scene.append(throttled.slice(from, from + 4_000));
    const well = named('well', 20, false);
    await scene.append(well);
    const patience = scene.inForce ? PATIENCE : STARVED_AFTER;
    await until('they are sent', async () => (await scene.unsettled(well)) === 0, patience).catch(() => {});
    const starved = await scene.unsettled(well);
    return starved > 0 ? `${starved} of ${well.length} keys of the other shard starved` : undefined;
  },
};

/** Of the two. */
const inFirstShard = (key: string) => hashOf(key) < '8';

const named = (prefix: string, count: number, first: boolean) =>
  Array.from({ length: count * 4 }, (_, index) => `${prefix}${index}`)
    .filter((aggregate) => inFirstShard(keyOf(aggregate)) === first)
    .slice(0, count);
