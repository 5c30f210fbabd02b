import { hashOf } from '../../../relay/shard-range.ts';
import { WINDOW_SIZE } from '../../../relay/window.ts';
import { until } from '../../support/until.ts';
import type { RuleOff } from './rule-off.ts';
import { keyOf } from './rule-scene.ts';

/** Twice what a relay keeps in memory of one of two shards. */
const BACKLOG = WINDOW_SIZE.rows;
/** Requests of the relay without one of the keys, after which they count as starved. With the rule one of the next few has them. */
const STARVED_AFTER = 4;
/** Milliseconds that a busy machine may take for them with the rule in force. */
const PATIENCE = 60_000;

export const rule6: RuleOff = {
  rule: 6,
  title: "What can't be sent now never occupies the claim window",
  instead: 'have one window for all shards',
  relays: 1,
  async play(scene) {
    const well = named('well', 20, false);
    const waiting = new Set(well.map(keyOf));
    let [committed, passedBy] = [false, 0];
    scene.fault(({ records }) => {
      if (committed && !records.some(({ key }) => waiting.has(key))) passedBy += 1;
      return { kind: 'fail-records', which: ({ key }) => inFirstShard(key) };
    });
    const throttled = named('throttled', BACKLOG, true);
    for (let from = 0; from < throttled.length; from += 4_000)
      await scene.append(throttled.slice(from, from + 4_000));
    await scene.append(well);
    committed = true;
    const over = async () =>
      (await scene.unsettled(well)) === 0 || (!scene.inForce && passedBy >= STARVED_AFTER);
    await until('they are sent, or passed by again and again', over, PATIENCE).catch(() => {});
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
