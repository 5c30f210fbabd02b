import type { Database } from '../runtime/database.ts';
import { wait } from '../runtime/wait.ts';
import { boundStream } from './bind-stream.ts';
import { handOver, mayHandOver } from './hand-over.ts';
import { clearOwnership, readOwnership, writeOwnership } from './ownership.ts';
import { relaysTold } from './relays-told.ts';
import { sentSince } from './sent-since.ts';
import { readUnsent } from './unsent-of-types.ts';

/** One of the two outboxes, and how it is named for the other. */
export interface OutboxPlace {
  readonly database: Database;
  /** Host, port and database; never a password. */
  readonly name: string;
}

export interface MoveOptions {
  readonly aggregateTypes: readonly string[];
  readonly from: OutboxPlace;
  readonly to: OutboxPlace;
  /** Gives up when it aborts; a later call goes on where this one stopped. */
  readonly signal: AbortSignal;
  /** Told before each step. */
  readonly onStep?: (step: string) => void;
}

/** The move can't go on by itself; nothing was lost, and whoever reads the reason has to act. */
export class MoveRefused extends Error {}

/** Milliseconds between two looks at what is not acknowledged. */
const EVERY = 200;

/**
 * Moves the events of aggregate types from one outbox to another one of the same stream, with the order of each key
 * kept: nothing of the new one is sent before everything of the old one is acknowledged, and nothing of the old one
 * after that. Numbers (`ordered: sequence`) and epochs go on.
 *
 *     to: awaited -> from: all acknowledged -> from: given -> numbers and epochs -> to: its own
 *
 * Each step can be taken twice, so that a call that was cut off is simply called again. Between the steps the new
 * outbox takes events and keeps them; the old one must not get any more once its last are acknowledged: one that comes
 * late is parked there, and the move is refused with what was found.
 */
export async function moveOwnership(options: MoveOptions): Promise<void> {
  const { aggregateTypes, from, to, signal, onStep = () => {} } = options;
  const types = aggregateTypes.join(', ');
  await refuseOtherStreams(from, to);
  if (await isMoved(options)) return onStep(`${types} moved to ${to.name} before; nothing was changed`);

  await mayHandOver(from.database, to.database, aggregateTypes).catch((cause: Error) => {
    throw new MoveRefused(
      `the numbers of ${types} can't go on in ${to.name}: ${cause.message}. Nothing was changed; ` +
        'docs/own-outbox.md has the rights of this user',
      { cause },
    );
  });

  onStep(`${to.name}: ${types} awaited; its relays send nothing of them yet`);
  await awaitTypes(options);

  onStep(`${from.name}: waiting until everything of ${types} is acknowledged`);
  await allAcknowledged(options);

  onStep(`${from.name}: ${types} given; what is still appended there is parked`);
  await writeOwnership(from.database, aggregateTypes, 'given', to.name);
  await relaysTold(from.database, signal);
  await refuseLate(options);

  onStep(`${to.name}: numbers and epochs go on from those of ${from.name}`);
  await handOver(from.database, to.database, aggregateTypes);

  onStep(`${to.name}: ${types} its own; its relays send them from now on`);
  await clearOwnership(to.database, aggregateTypes);
}

async function isMoved({ aggregateTypes, from, to }: MoveOptions): Promise<boolean> {
  const [old, next] = await Promise.all([readOwnership(from.database), readOwnership(to.database)]);
  const given = new Set(
    old.filter(({ state }) => state === 'given').map(({ aggregateType }) => aggregateType),
  );
  return (
    aggregateTypes.every((type) => given.has(type)) &&
    !next.some(({ aggregateType }) => aggregateTypes.includes(aggregateType))
  );
}

async function refuseOtherStreams(from: OutboxPlace, to: OutboxPlace): Promise<void> {
  const [old, next] = await Promise.all([boundStream(from.database), boundStream(to.database)]);
  if (old === undefined || next === undefined || old !== next)
    throw new MoveRefused(
      `${from.name} sends to stream ${old ?? '(none yet)'} and ${to.name} to ${next ?? '(none yet)'}: order is kept ` +
        'within one stream alone; start a relay for each of the two outboxes with the same stream.name first',
    );
}

/** From here on the new outbox keeps what is appended. Refused when its relays may have sent some already. */
async function awaitTypes({ aggregateTypes, from, to, signal }: MoveOptions): Promise<void> {
  const known = await readOwnership(to.database);
  const missing = aggregateTypes.filter(
    (type) => !known.some(({ aggregateType, state }) => aggregateType === type && state === 'awaited'),
  );
  if (missing.length > 0) await writeOwnership(to.database, missing, 'awaited', from.name);
  await relaysTold(to.database, signal);
  const sent = await sentSince(to.database, aggregateTypes);
  if (sent === 0) return;
  if (missing.length > 0) await clearOwnership(to.database, missing);
  throw new MoveRefused(
    `${to.name} has sent ${sent} events of ${aggregateTypes.join(', ')} before its relays knew that ` +
      `${from.name} sends these: let the service append only after \`banyan outbox move\` says that they are awaited`,
  );
}

async function allAcknowledged({ aggregateTypes, from, signal }: MoveOptions): Promise<void> {
  for (;;) {
    const { pending, parked } = await readUnsent(from.database, aggregateTypes);
    if (pending === 0 && parked === 0) return;
    if (parked > 0)
      throw new MoveRefused(
        `${from.name} has ${parked} parked events of ${aggregateTypes.join(', ')}: redrive or skip them (\`banyan parked list\`), ` +
          'then call this again',
      );
    await wait(EVERY, signal);
    if (signal.aborted)
      throw new MoveRefused(
        `${from.name} still has ${pending} events that are not acknowledged, uncommitted ones included: let its relays ` +
          'run and the monolith append none of these types any more, then call this again',
      );
  }
}

/** What came between the last look and the relays' knowing is sent or parked by now, or will be. */
async function refuseLate({ aggregateTypes, from, signal }: MoveOptions): Promise<void> {
  const types = aggregateTypes.join(', ');
  let { pending, parked } = await readUnsent(from.database, aggregateTypes);
  while (pending > 0 && parked === 0 && !signal.aborted) {
    await wait(EVERY, signal);
    ({ pending, parked } = await readUnsent(from.database, aggregateTypes));
  }
  if (pending + parked === 0) return;
  await clearOwnership(from.database, aggregateTypes);
  throw new MoveRefused(
    `${pending + parked} events of ${types} were appended to ${from.name} after its last were acknowledged: something still ` +
      `writes there. ${types} is ${from.name}'s again: end the writing, redrive what is parked, then call this again`,
  );
}
