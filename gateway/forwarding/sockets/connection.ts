import type { Socket } from 'node:net';
import { AnswerReader, type AnswerSink } from './answer-reader.ts';

/** Who has a connection for one exchange. */
export interface ConnectionUser extends AnswerSink {
  /** The whole request, one character for each byte. */
  readonly text: string;
  /** The request goes over this one. */
  got(connection: Connection): void;
  /** There is no connection, or it broke. `stale`: it had carried others before, and not a byte of an answer came. */
  broke(cause: Error, stale: boolean): void;
  /** Its time is over. */
  late(): void;
}

/** What a connection asks of whoever keeps it. */
export interface ConnectionOwner {
  /** An exchange is over; this one can carry another. */
  free(connection: Connection, kept: number | undefined): void;
  closed(connection: Connection): void;
}

/** One connection to an upstream, which carries one exchange at a time. */
export class Connection {
  readonly #owner: ConnectionOwner;
  readonly #reader = new AnswerReader();
  #socket: Socket | undefined;
  #user: ConnectionUser | undefined;
  #carried = 0;
  #paused = false;
  #gone = false;
  /** When the time of whoever has it is over, or when it is closed for want of work; on the clock of `performance`. */
  deadline = Infinity;

  constructor(owner: ConnectionOwner) {
    this.#owner = owner;
  }

  /** It is made. */
  opened(socket: Socket): void {
    this.#socket = socket;
    socket.on('error', (error) => this.break(error));
    socket.on('end', () => this.#ended());
    socket.on('close', () => this.break(new Error('the connection was closed')));
    // It spoke before it was asked.
    if (this.#gone) socket.destroy();
  }

  send(user: ConnectionUser): void {
    this.#user = user;
    this.#reader.expect(user);
    user.got(this);
    this.#socket!.write(user.text, 'latin1');
  }

  /** Bytes that the socket has read, for `onread`. Returns whether it is to read on. */
  read(count: number, bytes: Uint8Array): boolean {
    const before = this.#user;
    let left: number;
    try {
      left = this.#reader.read(bytes as Buffer, count);
    } catch (error) {
      this.break(error as Error);
      return false;
    }
    if (this.#reader.over) this.#exchanged(before !== undefined && left === 0);
    return !this.#paused && !this.#gone;
  }

  /** What is left over is nobody's answer: it must not become the next one's. */
  #exchanged(clean: boolean): void {
    const { last } = this.#reader;
    if (!clean || !last!.keepAlive || this.#socket!.writableLength > 0) return this.close();
    this.#user = undefined;
    this.#paused = false;
    this.#carried += 1;
    this.#owner.free(this, last!.kept);
  }

  /** Reads no more before `resume`. Returns whether it has been reading. */
  pause(): boolean {
    const reading = !this.#paused;
    this.#paused = true;
    return reading;
  }

  resume(): void {
    this.#paused = false;
    this.#socket?.resume();
  }

  /** Its deadline has come. */
  over(): void {
    if (this.#user) this.#user.late();
    else this.close();
  }

  close(): void {
    this.#user = undefined;
    this.#gone = true;
    this.#owner.closed(this);
    this.#socket?.destroy();
  }

  #ended(): void {
    if (this.#reader.close()) {
      this.#user = undefined;
      return this.close();
    }
    this.break(new Error('the other side closed the connection'));
  }

  /** Gives up what it carries, for this. */
  break(cause: Error): void {
    const user = this.#user;
    const stale = this.#carried > 0 && !this.#reader.started;
    this.close();
    user?.broke(cause, stale);
  }
}
