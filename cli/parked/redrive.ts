import {
  askForRedrive,
  countParked,
  findParked,
  planRedrive,
  redrive,
  type Author,
  type RedrivePlan,
} from '../../outbox/operator/index.ts';
import type { Database } from '../../runtime/database.ts';
import { confirm } from '../confirm.ts';
import { orderName } from '../order-name.ts';
import { blastRadius, countOf, describeRadius } from './blast-radius.ts';
import { chooseParked, type Selection } from './choose.ts';
import { printable } from './format-parked.ts';

/**
 * Sends parked events again, asking first where it is more than one or out of order; where there are `jobFrom` or more, it
 * asks the relays to. Returns the exit code.
 */
export async function redriveParked(
  database: Database,
  selection: Selection,
  { author, yes, jobFrom }: { readonly author: Author; readonly yes: boolean; readonly jobFrom: number },
): Promise<number> {
  const wanted = await chooseParked(database, selection);
  const keys = [...new Set(wanted.map(({ key }) => key))];
  const ofKeys = selection.all ? wanted : await parkedOf(database, keys);
  const plan = planRedrive(wanted, ofKeys);
  process.stdout.write(heldText(plan));
  if (plan.take.length === 0) {
    process.stdout.write(wanted.length === 0 ? 'nothing is parked that is meant\n' : 'nothing was changed\n');
    return plan.held.length > 0 ? 1 : 0;
  }
  const radius = await blastRadius(database, plan.take);
  const late =
    plan.late.length > 0
      ? ` ${countOf(plan.late.length, 'event')} of them ${plan.late.length === 1 ? 'was' : 'were'} skipped: later events of the key may be in the stream already, and ${plan.late.length === 1 ? 'it comes' : 'they come'} after them, out of order.`
      : '';
  const question = `This sends ${countOf(plan.take.length, 'event')} again, of ${describeRadius(radius)}.${late}`;
  const asks = plan.take.length > 1 || plan.late.length > 0;
  if (asks && !yes && !(await confirm(question))) {
    process.stdout.write('nothing was changed\n');
    return 1;
  }
  if (plan.take.length >= jobFrom) return order(database, selection, author);
  const done = await redrive(database, plan.take, author, { onBatch: tellBatches(plan.take.length) });
  process.stdout.write(
    `pending again: ${done} of ${countOf(plan.take.length, 'event')}, of ${describeRadius(radius)}\n` +
      (done < plan.take.length ? 'the others were not parked any more\n' : ''),
  );
  return plan.held.length > 0 ? 1 : 0;
}

async function order(database: Database, { type, key }: Selection, author: Author): Promise<number> {
  const filter = { type, keys: key === undefined ? undefined : [key], state: 'parked' as const };
  const { events: total } = await countParked(database, filter);
  const redrive = orderName('redrive');
  await askForRedrive(database, { redrive, what: { type, key }, total }, author);
  process.stdout.write(
    `${redrive}: a relay with Redis makes ${countOf(total, 'event')} pending again; see banyan jobs\n`,
  );
  return 0;
}

/** All parked events of the keys; in parts, so that no statement grows without bound. */
async function parkedOf(database: Database, keys: readonly string[]) {
  const found = [];
  for (let from = 0; from < keys.length; from += 500)
    found.push(
      ...(await findParked(database, { keys: keys.slice(from, from + 500), state: 'parked' }, 100_000)),
    );
  return found;
}

function heldText({ held }: RedrivePlan): string {
  return held
    .map(
      ({ event, behind }) =>
        `refused: ${event.id} comes after ${behind.id}, which is parked too and holds its key: name both, or the whole key with --key '${printable(event.key)}'\n`,
    )
    .join('');
}

/** Says on stderr how far it is, where that takes more than one batch. */
export function tellBatches(of: number): (changed: number) => void {
  let done = 0;
  return (changed) => {
    done += changed;
    if (of > 100) process.stderr.write(`${done} of ${of}\n`);
  };
}
