import type { CloudEvent } from '../outbox/event.ts';
import { upcast } from '../outbox/registry/upcast.ts';
import type { Handling } from './handle-record.ts';

/** What the application's handler does with the event in its newest version; undefined without a handler for its type. */
export function effectOf<Tx>(
  { handlers, registry }: Pick<Handling<Tx>, 'handlers' | 'registry'>,
  event: CloudEvent,
): ((tx: Tx) => Promise<void>) | undefined {
  const handle = handlers.get(event.type);
  if (!handle) return undefined;
  return async (tx) => handle(registry ? await upcast(registry, event) : event, tx);
}
