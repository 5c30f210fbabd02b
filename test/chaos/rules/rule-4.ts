import { until } from '../../support/until.ts';
import type { RuleOff } from './rule-off.ts';
import { carries } from './rule-scene.ts';
import { tooManyLate } from './too-many-late.ts';

export const rule4: RuleOff = {
  rule: 4,
  title: "A zombie can't invert",
  instead: 'send without a look at the lease, wait for nobody, settle under any epoch',
  relays: 2,
  async play(scene) {
    const [sent, letGo] = [Promise.withResolvers<string>(), Promise.withResolvers<void>()];
    let zombie: string | undefined;
    scene.fault((call) => {
      if (!carries(call, 'slow')) return undefined;
      zombie ??= call.sender!;
      if (call.sender !== zombie) return undefined;
      sent.resolve(zombie);
      return { kind: 'hold', until: letGo.promise };
    });
    await scene.append(['slow', 'slow', 'slow', 'slow']);
    const name = await sent.promise;
    const { child, gate } = scene.relays.find((relay) => relay.name === name)!;
    child.kill('SIGSTOP');
    await until('the other relay has all its buckets', () => !scene.owners().includes(name));
    await scene.settled(['slow']);
    // It wakes up with its request on the way and the next in memory, and no database to tell it what it has missed.
    gate.freeze();
    letGo.resolve();
    child.kill('SIGCONT');
    const harm = await scene.harm(tooManyLate);
    if (harm !== undefined) return harm;
    await gate.open();
    await until('it has buckets again', () => scene.owners().includes(name));
    return scene.harm(tooManyLate);
  },
};
