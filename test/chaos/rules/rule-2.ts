import { BUCKETS } from '../../../outbox/event.ts';
import { until } from '../../support/until.ts';
import { tooManyLate } from './too-many-late.ts';
import type { RuleOff } from './rule-off.ts';
import { carries } from './rule-scene.ts';

export const rule2: RuleOff = {
  rule: 2,
  title: 'One owner per bucket',
  instead: 'send the events of all buckets, whoever has the lease',
  relays: 2,
  async play(scene) {
    const names = scene.relays.map(({ name }) => name);
    await until('each relay has its half of the buckets', () =>
      names.every((name) => scene.owners().filter((one) => one === name).length === BUCKETS / 2),
    );
    scene.fault((call) =>
      carries(call, 'held') && call.sender === scene.owner('held') ? { kind: 'hang' } : undefined,
    );
    await scene.append(['held']);
    // What the other relay sends in between shows that it has looked into the outbox so many times.
    for (let look = 0; look < (scene.inForce ? 6 : 100); look++) {
      const own = await until('the other relay has a bucket', () =>
        named(`look${look}-`).find((one) => ![scene.owner('held'), undefined].includes(scene.owner(one))),
      );
      await scene.append([own]);
      await scene.settled([own]);
      const harm = await scene.harm(tooManyLate, 0);
      if (harm !== undefined) return harm;
    }
    scene.fault(() => undefined);
    await scene.settled(['held']);
    return scene.harm(tooManyLate);
  },
};

/** Of most buckets. */
const named = (prefix: string) => Array.from({ length: 4 * BUCKETS }, (_, number) => prefix + number);
