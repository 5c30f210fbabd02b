import { findGaps, passGap, type InboxAuthor } from '../../consumer/operator/index.ts';
import type { Database } from '../../runtime/database.ts';
import { confirm } from '../confirm.ts';
import { printable } from '../parked/format-parked.ts';
import { missingOf } from './format-held.ts';

/** Keys that one call takes. */
const MOST = 100_000;

/** Lets keys go on past missing numbers, asking first where it is more than one. Returns the exit code. */
export async function passGaps(
  database: Database,
  filter: { readonly application?: string | undefined; readonly key?: string | undefined },
  { author, yes }: { readonly author: InboxAuthor; readonly yes: boolean },
): Promise<number> {
  const gaps = await findGaps(database, filter, MOST);
  if (gaps.length === 0) {
    process.stdout.write('no key that is meant waits for a number\n');
    return 1;
  }
  const question = `This gives up the missing numbers of ${gaps.length} keys: their events, should they come, are parked.`;
  if (gaps.length > 1 && !yes && !(await confirm(question))) {
    process.stdout.write('nothing was changed\n');
    return 1;
  }
  for (const { application, key, ...gap } of gaps) {
    const passed = await passGap(database, { application, key }, author);
    process.stdout.write(
      `${application} ${printable(key)}: ${passed === undefined ? `${missingOf({ application, key, ...gap })} came meanwhile` : `goes on without ${passed}`}\n`,
    );
  }
  return 0;
}
