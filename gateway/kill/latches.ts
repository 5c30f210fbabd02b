import { randomUUID } from 'node:crypto';
import type { Kill, KillRecord } from '../../contexts/index.ts';
import type { Log } from '../../runtime/log.ts';
import { outage } from '../snapshot/outage.ts';
import { readLatches, writeLatches, type Latched } from './latch-file.ts';

/** A gateway's kills: in force as soon as they are put, and kept on disk. Nothing but `put` changes them. */
export interface Latches {
  readonly file: string;
  inForce(): ReadonlyMap<string, Kill>;
  /** Calls `listener` whenever what is in force has changed, before `put` returns. */
  onChange(listener: () => void): void;
  /**
   * Puts these kills in force, with what the audit has to be told of it. Resolves when they are on disk, or to the
   * reason why they aren't: they are in force all the same, and the next second tries again.
   */
  put(kills: ReadonlyMap<string, Kill>, records: readonly KillRecord[]): Promise<string | undefined>;
  /** What the audit doesn't have yet, the oldest first. */
  unaudited(): readonly KillRecord[];
  audited(id: string): Promise<unknown>;
  stop(): Promise<void>;
}

/** Milliseconds until another try to write what couldn't be written. */
const AGAIN = 1_000;

/**
 * Reads the latches from their file. Where that can't be read, nobody knows what was killed: all `contexts` are then.
 */
export async function openLatches({
  file,
  contexts,
  log,
}: {
  readonly file: string;
  readonly contexts: readonly string[];
  readonly log: Log;
}): Promise<Latches> {
  const listeners: (() => void)[] = [];
  const writing = outage(
    log,
    'the latches of the kill switch can’t be written; they are in force, and a restart would lose them',
    'the latches of the kill switch are written again',
  );
  let again: NodeJS.Timeout | undefined;
  let last: Promise<string | undefined> = Promise.resolve(undefined);
  let latched: Latched = { kills: new Map(), unaudited: [] };
  try {
    latched = (await readLatches(file)) ?? latched;
  } catch (error) {
    log.error({ err: error, file }, 'the latches of the kill switch can’t be read: every context is killed');
    const unknown = { at: new Date().toISOString(), by: 'banyan', reason: `${file} can't be read` };
    latched = {
      kills: new Map(contexts.map((name) => [name, { id: randomUUID(), ...unknown, consent: null }])),
      unaudited: [],
    };
  }
  if (latched.kills.size > 0)
    log.warn({ contexts: [...latched.kills.keys()], file }, 'killed before the start, and still');

  const write = async (): Promise<string | undefined> => {
    clearTimeout(again);
    try {
      await writeLatches(file, latched);
      writing.over();
      return undefined;
    } catch (error) {
      writing.fails(error);
      again = setTimeout(() => void save(), AGAIN).unref();
      return (error as Error).message;
    }
  };
  // One after the other, each with the latest: an older one that ends later would undo a newer one.
  const save = () => (last = last.then(write));

  return {
    file,
    inForce: () => latched.kills,
    onChange: (listener) => void listeners.push(listener),
    put(kills, records) {
      latched = { kills, unaudited: [...latched.unaudited, ...records] };
      for (const listener of listeners) listener();
      return save();
    },
    unaudited: () => latched.unaudited,
    audited(id) {
      latched = { ...latched, unaudited: latched.unaudited.filter((record) => record.id !== id) };
      return save();
    },
    async stop() {
      await last;
      clearTimeout(again);
    },
  };
}
