import { findKnown, handleKnown, skipKnown, type InboxAuthor } from '../../consumer/operator/index.ts';
import type { Database } from '../../runtime/database.ts';
import { printable } from '../parked/format-parked.ts';
import { UsageError } from '../usage-error.ts';

/** Events that are looked through. */
const MOST = 100_000;

/** Has parked events handled, or gives them up. Returns the exit code. */
export async function settleKnown(
  database: Database,
  { ids, how }: { readonly ids: readonly string[]; readonly how: 'handle' | 'skip' },
  author: InboxAuthor,
): Promise<number> {
  const odd = ids.filter((id) => !/^\d{1,20}$/.test(id));
  if (odd.length > 0)
    throw new UsageError(`an id is a whole number, as \`banyan held list\` shows it: not ${odd.join(', ')}`);
  const parked = await findKnown(database, {}, MOST);
  const chosen = ids.map((id) => parked.find((one) => String(one.id) === id && one.state === 'parked'));
  const missing = ids.filter((_, index) => chosen[index] === undefined);
  if (missing.length > 0)
    throw new Error(
      `nothing was changed: ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not parked; \`banyan held list\` shows what is, ` +
        'and `banyan held pass` lets a key go on that waits for a number',
    );
  const act = how === 'handle' ? handleKnown : skipKnown;
  for (const event of chosen) {
    const { id, application, key, number } = event!;
    const what = `${id}: number ${number} of ${application} ${printable(key)}`;
    const done = await act(database, event!, author);
    process.stdout.write(
      done
        ? `${what} ${how === 'handle' ? 'is handled by the consumer within seconds' : 'is given up'}\n`
        : `${what} is not parked any more\n`,
    );
  }
  return 0;
}
