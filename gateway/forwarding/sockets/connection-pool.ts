import type { Socket } from 'node:net';
import { connectorOf } from '../connector.ts';
import type { Connections, UpstreamOptions } from '../forwarder.ts';
import { originOf } from '../origin.ts';
import { Connection, type ConnectionOwner, type ConnectionUser } from './connection.ts';

/** Milliseconds that a connection without work is kept where the upstream doesn't say for how long it keeps it. */
const KEPT = 4_000;
/** Milliseconds before the upstream closes it that it is no more used: a request may be on its way then. */
const MARGIN = 1_000;
/** Milliseconds that no connection is kept longer without work. */
const MOST = 600_000;
/** Milliseconds between two looks at all connections, at most. */
const LOOK = 1_000;
/** Bytes that are read at once. One buffer for all: what is kept of it is copied. */
const BUFFER = 64 * 1024;

/** The connections to one upstream: as many as there are exchanges at once. The one that was used last is used next. */
export class ConnectionPool implements ConnectionOwner {
  readonly #connect: (
    connection: Connection,
    made: (error: Error | null, socket: Socket | null) => void,
  ) => void;
  readonly #shortest: number;
  readonly #all = new Set<Connection>();
  readonly #idle: Connection[] = [];
  readonly #waiting = new Set<ConnectionUser>();
  readonly #sockets = new Set<Socket>();
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: UpstreamOptions) {
    const { timeout, idleTimeout } = options;
    this.#shortest = Math.min(LOOK, timeout ?? LOOK, idleTimeout ?? LOOK);
    const origin = originOf(options);
    const { secure, host, port } = origin;
    const where = { hostname: host, host, protocol: secure ? 'https:' : 'http:', port: String(port) };
    const buffer = Buffer.allocUnsafeSlow(BUFFER);
    let session: Buffer | undefined;
    this.#connect = (connection, made) => {
      const onread = {
        buffer,
        callback: (count: number, bytes: Uint8Array) => connection.read(count, bytes),
      };
      connectorOf(origin, options, { onread, ...(session && { session }) })(where, (...result) => {
        if (secure && result[1]) result[1].on('session', (given: Buffer) => (session = given));
        made(...(result as [null, Socket]));
      });
    };
  }

  /** Sends the user's request over a connection that is idle, or a new one. */
  send(user: ConnectionUser): void {
    const now = performance.now();
    for (let free = this.#idle.pop(); free !== undefined; free = this.#idle.pop()) {
      if (free.deadline > now) return free.send(user);
      free.close();
    }
    this.#open(user);
  }

  #open(user: ConnectionUser): void {
    if (this.#closed) return user.broke(new Error('the gateway closes its connections'), false);
    const connection = new Connection(this);
    this.#waiting.add(user);
    this.#connect(connection, (error, socket) => {
      const wanted = this.#waiting.delete(user);
      if (!socket) return void (wanted && user.broke(error!, false));
      if (this.#closed) return void socket.on('error', () => {}).destroy();
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      this.#all.add(connection);
      connection.opened(socket);
      this.#look();
      if (wanted) connection.send(user);
      else this.free(connection, undefined);
    });
  }

  /** Nobody waits for this one's answer any more. */
  forget(user: ConnectionUser): void {
    this.#waiting.delete(user);
  }

  connections(): Connections {
    const open = this.#all.size;
    return { open, busy: open - this.#idle.length, waiting: this.#waiting.size };
  }

  free(connection: Connection, kept: number | undefined): void {
    const until = kept === undefined ? KEPT : Math.min(kept - MARGIN, MOST);
    if (until <= 0) return connection.close();
    connection.deadline = performance.now() + until;
    this.#idle.push(connection);
  }

  closed(connection: Connection): void {
    this.#all.delete(connection);
    const at = this.#idle.indexOf(connection);
    if (at >= 0) this.#idle.splice(at, 1);
  }

  /** One timer for all: no deadline that is set from now on comes before it. */
  #look(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      const now = performance.now();
      for (const connection of this.#all) if (connection.deadline <= now) connection.over();
      if (this.#all.size > 0) this.#look();
    }, this.#wait()).unref();
  }

  #wait(): number {
    let soonest = this.#shortest;
    const now = performance.now();
    for (const { deadline } of this.#all) soonest = Math.min(soonest, deadline - now);
    return Math.max(1, Math.ceil(soonest));
  }

  /** Breaks off what is under way. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const user of this.#waiting) user.broke(new Error('the gateway closes its connections'), false);
    this.#waiting.clear();
    const closed = [...this.#sockets].map(
      (socket) => new Promise((resolve) => socket.once('close', resolve)),
    );
    for (const connection of this.#all) connection.break(new Error('the gateway closes its connections'));
    await Promise.all(closed);
  }
}
