import type { RuleOff } from './rule-off.ts';
import { carries } from './rule-scene.ts';

export const rule5: RuleOff = {
  rule: 5,
  title: 'Unknown outcome: the same prefix again',
  instead: 'take no answer for an acknowledgement',
  relays: 1,
  async play(scene) {
    let cut = false;
    scene.fault((call) => {
      if (cut || !carries(call, 'cut')) return undefined;
      cut = true;
      return { kind: 'cut' };
    });
    await scene.append(['cut', 'cut', 'cut']);
    await scene.settled(['cut']);
    return scene.harm(({ lost, committed }) =>
      lost.length > 0 ? `${lost.length} of ${committed} events lost` : undefined,
    );
  },
};
