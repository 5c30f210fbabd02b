import { findBinary, foldersToSearch } from './find-binary.ts';

/** Finds Redis or Valkey: first by the given names or paths. */
export function findRedis(
  folders: readonly string[],
  names: readonly string[] = [],
): Promise<string | undefined> {
  return findBinary([...names, 'redis-server', 'valkey-server'], folders);
}

/** The same for a caller that needs one now: throws when there is none. */
export async function redisOrThrow(name?: string): Promise<string> {
  const folders = await foldersToSearch(process.env['PATH']);
  const found = await findRedis(folders, name === undefined ? [] : [name]);
  if (found) return found;
  throw new Error(
    `No Redis or Valkey server can be started: no redis-server or valkey-server in ${folders.join(', ')}. Install one.`,
  );
}
