import { wait } from '../../runtime/wait.ts';
import type { System } from '../start-system.ts';
import { readOutbox, readService, type OutboxRecord, type ServiceJournals } from './records.ts';

/** How long (milliseconds) nothing may move before what hasn't arrived counts as lost. */
const STANDSTILL = 15_000;

/**
 * What service and outbox hold once `expected` events were applied and all are settled, or nothing moves any more. A
 * consumer may have an event before the relay has written down that Kinesis acknowledged it.
 */
export async function arrived(
  { shop, inventory }: Pick<System, 'shop' | 'inventory'>,
  expected: number,
  pause: () => Promise<unknown> = () => wait(50),
  standstill = STANDSTILL,
): Promise<{ service: ServiceJournals; outbox: OutboxRecord }> {
  let [least, movedAt] = [Infinity, Date.now()];
  for (;;) {
    const service = await readService(inventory);
    const outbox = await readOutbox(shop);
    const missing = Math.max(0, expected - service.events) + outbox.unsettled;
    if (missing < least) [least, movedAt] = [missing, Date.now()];
    if (missing === 0 || Date.now() - movedAt > standstill) return { service, outbox };
    await pause();
  }
}
