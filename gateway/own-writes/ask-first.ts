import type { IncomingMessage } from 'node:http';
import type { Decision, Known, Snapshot } from '../../contexts/index.ts';
import type { OwnWrites } from './own-writes.ts';

/** A decision with the snapshot that it was made under. */
export interface Decided {
  readonly snapshot: Snapshot;
  readonly decision: Decision;
}

export interface Asking {
  readonly ownWrites: Pick<OwnWrites, 'ask'>;
  /** Decides again, under what is in force by then. */
  readonly again: (request: IncomingMessage, known: Known) => Decided;
}

/**
 * Asks whether the cohort of a read has just written, where its decision wants that known. False: it may be carried as
 * decided. True: `then` gets what was decided instead, at once or when Redis has answered.
 */
export type AskFirst = (
  request: IncomingMessage,
  decision: Decision,
  then: (decided: Decided) => void,
) => boolean;

export function askingFirst({ ownWrites, again }: Asking): AskFirst {
  const askFirst: AskFirst = (request, { asks }, then) => {
    if (asks === undefined) return false;
    const decide = (known: Known) => {
      const decided = again(request, known);
      // Under another configuration it may be another context's, and so another cohort.
      if (!askFirst(request, decided.decision, then)) then(decided);
    };
    const known = ownWrites.ask(asks);
    if (known instanceof Promise) void known.then(decide);
    else if (known.wrote === 'none') return false;
    else decide(known);
    return true;
  };
  return askFirst;
}
