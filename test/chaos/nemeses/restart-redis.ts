import { wait } from '../../../runtime/wait.ts';
import type { DeedOf } from '../plan.ts';
import type { World } from '../world.ts';

/** Kills Redis, with the hints and the jobs in it, and starts it again empty. */
export async function restartRedis({ redis }: World, { away }: DeedOf<'restart-redis'>): Promise<void> {
  redis.kill('SIGKILL');
  await wait(away);
  await redis.restart();
}
