import type { DeedOf } from '../plan.ts';
import type { World } from '../world.ts';

/** Steps a relay's wall clock by an hour, forth and back in turns (shift-clock.ts). */
export async function stepClock({ relays }: World, { relay }: DeedOf<'step-clock'>): Promise<void> {
  relays.all[relay]!.child.kill('SIGUSR2');
}
