import type { RuleOff } from './rule-off.ts';
import { keyOf } from './rule-scene.ts';

export const rule3: RuleOff = {
  rule: 3,
  title: 'One unacknowledged record per key',
  instead: 'put several records of a key into one request',
  relays: 1,
  packing: true,
  async play(scene) {
    let failed = false;
    scene.fault(({ records }) => {
      const ofKey = records.flatMap(({ key }, index) => (key === keyOf('packed') ? [index] : []));
      if (failed || ofKey.length === 0) return undefined;
      failed = true;
      // Of several the last is taken.
      const failing = ofKey.slice(0, Math.max(1, ofKey.length - 1));
      return { kind: 'fail-records', code: 'InternalFailure', which: (_, index) => failing.includes(index) };
    });
    await scene.append(['packed', 'packed', 'packed', 'other']);
    await scene.settled(['packed', 'other']);
    return scene.harm(({ reordered }) =>
      reordered.length > 0 ? `${reordered.length} first deliveries reordered` : undefined,
    );
  },
};
