import type { Handler } from '../../consumer/index.ts';
import type { Connection } from '../../runtime/database.ts';
import { wait } from '../../runtime/wait.ts';

/** The same handlers, each of which waits until its event was recorded so long (milliseconds) ago: a consumer that lags. */
export function slowly(
  handlers: Readonly<Record<string, Handler<Connection>>>,
  delay: number,
): Readonly<Record<string, Handler<Connection>>> {
  if (delay === 0) return handlers;
  return Object.fromEntries(
    Object.entries(handlers).map(([type, handle]) => [
      type,
      async (event, tx, ...rest) => {
        await wait(Math.max(0, Date.parse(event.recordedtime) + delay - Date.now()));
        return handle(event, tx, ...rest);
      },
    ]),
  );
}
