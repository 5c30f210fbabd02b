import { countHeld, eraseHeld, type HeldOfKey, type InboxAuthor } from '../../consumer/operator/index.ts';
import { openDatabase } from '../../runtime/database.ts';

/** An inbox that was asked what it holds, or why nobody knows. `name` is its host, port and database. */
export type InboxOfKey = { readonly name: string; readonly url: string } & (
  { readonly held: HeldOfKey } | { readonly problem: string }
);

/** What was erased in one inbox, or why nobody knows. */
export type ErasedInbox =
  | { readonly name: string; readonly waiting: number; readonly parked: number }
  | { readonly name: string; readonly problem: string };

/** Asks all inboxes what they hold of a key, at the same time. */
export function askInboxes(urls: readonly string[], key: string): Promise<InboxOfKey[]> {
  return Promise.all(
    urls.map(async (url) => {
      const of = { name: nameOf(url), url };
      return {
        ...of,
        ...(await attempt(url, async (database) => ({ held: await countHeld(database, key) }))),
      };
    }),
  );
}

/** Erases what each of them holds of a key; those that could not be asked are tried again. */
export function eraseInboxes(
  urls: readonly string[],
  key: string,
  author: InboxAuthor,
): Promise<ErasedInbox[]> {
  return Promise.all(
    urls.map(async (url) => ({
      name: nameOf(url),
      ...(await attempt(url, (database) => eraseHeld(database, key, author))),
    })),
  );
}

async function attempt<T>(
  url: string,
  work: (database: ReturnType<typeof openDatabase>) => Promise<T>,
): Promise<T | { readonly problem: string }> {
  const database = openDatabase(url, { connections: 2 });
  try {
    return await work(database);
  } catch (error) {
    const { message, code } = error as { message?: string; code?: string };
    return { problem: message || code || String(error) };
  } finally {
    await database.end();
  }
}

function nameOf(url: string): string {
  const { host, pathname } = new URL(url);
  return `${host}${decodeURIComponent(pathname)}`;
}
