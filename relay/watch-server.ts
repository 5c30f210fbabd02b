import type { RowDataPacket } from 'mysql2/promise';
import {
  beat,
  describeServer,
  readServer,
  rememberServer,
  SERVER_VARIABLES,
  stopRelays,
  acceptServer,
} from '../outbox/server.ts';
import type { Database } from '../runtime/database.ts';
import type { Log } from '../runtime/log.ts';

/** Why a relay sends nothing although everything answers. */
export const STOPS = ['read-only', 'another-server', 'history-lost'] as const;
export type Stop = (typeof STOPS)[number];

/** The server must not be sent from now. */
export class ServerStopped extends Error {
  readonly why: Stop;
  constructor(why: Stop, message: string) {
    super(message);
    this.why = why;
  }
}

export interface ServerWatch {
  /** Looks, and says that a relay is alive there. Throws ServerStopped while nothing may be sent. */
  check(timeout: number): Promise<void>;
  /** Whether it was the right server at the last look, and no new connection has met another since. */
  readonly sendable: boolean;
  readonly stopped: Stop | undefined;
  end(): void;
}

export interface ServerWatchOptions {
  readonly owner: string;
  /** `follow`: another server is accepted by itself, unless this relay knows that it lacks something. */
  readonly failover: 'stop' | 'follow';
  readonly log: Log;
}

const TODO = 'look what it lacks (docs/relay.md), then `banyan relay accept-server`';

/**
 * Holds a relay to the server that it began with. After a failover to an asynchronous replica, or a restore, ids and
 * epochs begin anew where they were lost, and events that are in the stream are not in the database: only somebody who
 * has looked can say that it may go on.
 */
export function watchServer(database: Database, { owner, failover, log }: ServerWatchOptions): ServerWatch {
  /** The greatest beat that is known to be committed, and when. */
  let last = { beat: -1, at: '' };
  let expected: string | undefined;
  let stopped: Stop | undefined;
  let sendable = false;

  function stop(why: Stop, message: string): never {
    sendable = false;
    stopped = why;
    throw new ServerStopped(why, message);
  }

  // A connection may reach another server long before the next look.
  const onConnection = (connection: {
    query(sql: string, done: (error: unknown, rows: unknown) => void): void;
  }) =>
    connection.query(SERVER_VARIABLES, (error, rows) => {
      if (error || expected === undefined) return;
      const { server, readOnly } = describeServer(rows as RowDataPacket[]);
      if (server !== expected || readOnly !== undefined) sendable = false;
    });
  const pool = database.pool as unknown as {
    on(event: 'connection', listener: typeof onConnection): void;
    off(event: 'connection', listener: typeof onConnection): void;
  };
  pool.on('connection', onConnection);

  return {
    async check(timeout) {
      const { server, readOnly, known: before } = await readServer(database, timeout);
      if (readOnly !== undefined)
        stop(
          'read-only',
          `${readOnly}: nothing can be settled; it goes on when the server takes writes again`,
        );
      if (before === undefined) await rememberServer(database, server, `first relay, ${owner}`);
      const known = before ?? (await readServer(database, timeout)).known;
      if (known!.stopped !== null) stop('history-lost', known!.stopped);
      if (known!.beat < last.beat) {
        const message =
          `the server ${server} has lost what was committed: it last heard of relays at ${known!.beatAt} (beat ` +
          `${known!.beat}), and relay ${owner} was acknowledged a sign of life at ${last.at} (beat ${last.beat}); ${TODO}`;
        await stopRelays(database, message);
        stop('history-lost', message);
      }
      if (known!.server !== server) {
        if (failover !== 'follow')
          stop(
            'another-server',
            `the server is ${server}, and the events were sent from ${known!.server} until ${known!.beatAt}; ${TODO}`,
          );
        await acceptServer(database, { server, by: `follow, ${owner}`, reason: 'outbox.failover is follow' });
        log.warn({ server, before: known!.server }, 'another server: followed, as outbox.failover says');
        return this.check(timeout);
      }
      await beat(database, timeout);
      last = { beat: known!.beat + 1, at: new Date().toISOString() };
      [expected, stopped, sendable] = [server, undefined, true];
    },
    get sendable() {
      return sendable;
    },
    get stopped() {
      return stopped;
    },
    end: () => pool.off('connection', onConnection),
  };
}
