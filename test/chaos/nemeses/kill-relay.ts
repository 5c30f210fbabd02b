import type { Child } from '../../../demo/servers/child.ts';
import { wait } from '../../../runtime/wait.ts';
import type { DeedOf } from '../plan.ts';
import type { World } from '../world.ts';

const andAnother =
  (end: (child: Child) => Promise<unknown>) =>
  async ({ relays }: World, { relay, away }: DeedOf<'kill-relay' | 'stop-relay'>): Promise<void> => {
    await end(relays.all[relay]!.child);
    await wait(away);
    await relays.start(relay);
  };

/** SIGKILL in the middle of its work; another process takes its place. */
export const killRelay = andAnother((child) => {
  child.kill('SIGKILL');
  return child.ended;
});

/** SIGTERM: it settles what is in flight and gives its leases back. */
export const stopRelay = andAnother((child) => child.stop(20_000));
