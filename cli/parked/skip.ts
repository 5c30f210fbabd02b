import { discard, type Author } from '../../outbox/operator/index.ts';
import type { Database } from '../../runtime/database.ts';
import { confirm } from '../confirm.ts';
import { blastRadius, countOf, describeRadius } from './blast-radius.ts';
import { chooseParked, type Selection } from './choose.ts';
import { gapText } from './gap-text.ts';
import { tellBatches } from './redrive.ts';

/** Gives parked events up, asking first where it is more than one. Returns the exit code. */
export async function skipParked(
  database: Database,
  selection: Selection,
  { author, yes }: { readonly author: Author; readonly yes: boolean },
): Promise<number> {
  const wanted = await chooseParked(database, selection);
  const skipped = wanted.filter(({ state }) => state === 'skipped');
  if (skipped.length > 0)
    throw new Error(
      `nothing was changed: ${skipped.map(({ id }) => id).join(', ')} ${skipped.length === 1 ? 'was' : 'were'} skipped before, by policy; the key has gone on`,
    );
  if (wanted.length === 0) {
    process.stdout.write('nothing is parked that is meant\n');
    return 0;
  }
  const radius = await blastRadius(database, wanted);
  const question = `This gives up ${countOf(wanted.length, 'event')} of ${describeRadius(radius)}: ${wanted.length === 1 ? 'it never reaches' : 'they never reach'} the stream.`;
  if (wanted.length > 1 && !yes && !(await confirm(question))) {
    process.stdout.write('nothing was changed\n');
    return 1;
  }
  const done = await discard(database, wanted, author, { onBatch: tellBatches(wanted.length) });
  process.stdout.write(
    `given up: ${done} of ${countOf(wanted.length, 'event')}, of ${describeRadius(radius)}\n` +
      (done < wanted.length ? 'the others were not parked any more\n' : '') +
      gapText(wanted),
  );
  return 0;
}
