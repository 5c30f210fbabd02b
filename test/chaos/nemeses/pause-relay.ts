import { wait } from '../../../runtime/wait.ts';
import { TAKEN_OVER } from '../limits.ts';
import type { DeedOf } from '../plan.ts';
import type { World } from '../world.ts';

/** SIGSTOP until another relay has its buckets, then SIGCONT: it wakes up in the middle of its work and knows of nothing. */
export async function pauseRelay(
  { relays }: World,
  { relay, beyondLease }: DeedOf<'pause-relay'>,
): Promise<void> {
  const { child } = relays.all[relay]!;
  child.kill('SIGSTOP');
  await wait(TAKEN_OVER + beyondLease);
  child.kill('SIGCONT');
}
