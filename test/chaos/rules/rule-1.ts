import { bucketOf } from '../bucket-of.ts';
import type { RuleOff } from './rule-off.ts';
import { keyOf } from './rule-scene.ts';

export const rule1: RuleOff = {
  rule: 1,
  title: 'Pending is a state, never a cursor',
  instead: 'go on from the last id that they read',
  relays: 1,
  async play(scene) {
    const [late, early, ...after] = inOneBucket(5) as [string, string, ...string[]];
    await scene.append([late], async () => {
      await scene.append([early]);
      await scene.settled([early]);
    });
    // Whoever sends these has looked into the bucket since the first was committed.
    for (const one of after) {
      await scene.append([one]);
      await scene.settled([one]);
    }
    return scene.harm(({ lost, committed }) =>
      lost.length > 0 ? `${lost.length} of ${committed} events lost` : undefined,
    );
  },
};

const inOneBucket = (count: number) =>
  Array.from({ length: 1_000 }, (_, index) => `late${index}`)
    .filter((aggregate) => bucketOf(keyOf(aggregate)) === 0)
    .slice(0, count);
