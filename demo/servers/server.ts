/** A private server: its URL, and the way to end it and delete its data. */
export interface PrivateServer {
  readonly url: string;
  stop(): Promise<void>;
  /** SIGKILL, SIGSTOP, … for tests of bad weather. */
  kill(signal: NodeJS.Signals): void;
  /** Starts it again on the same port with the same data, after a kill. */
  restart(): Promise<void>;
}
