import { wait } from '../../../runtime/wait.ts';
import type { DeedOf } from '../plan.ts';
import type { World } from '../world.ts';

/** The stream can't be reached: connections are cut and refused. */
export async function streamAway({ proxy }: World, { lasts }: DeedOf<'stream-away'>): Promise<void> {
  await proxy.away();
  await wait(lasts);
  await proxy.back();
}

/** A quarter of all hashes takes nothing for a while, as a shard beyond its limit does. */
export async function throttleHashes(
  { weather }: World,
  { from, lasts }: DeedOf<'throttle-hashes'>,
): Promise<void> {
  weather.throttle(from);
  await wait(lasts);
  weather.throttle(undefined);
}
