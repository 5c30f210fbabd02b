import { access, constants, readdir } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';

/** Where servers lie that a cut-down PATH doesn't name: system folders, Fedora's libexec, Homebrew, MySQL's own package. */
export const USUAL_FOLDERS: readonly string[] = [
  '/usr/sbin',
  '/usr/bin',
  '/usr/local/sbin',
  '/usr/local/bin',
  '/usr/libexec',
  '/opt/homebrew/bin',
  '/opt/homebrew/sbin',
  '/opt/homebrew/opt/*/bin',
  '/usr/local/opt/*/bin',
  '/home/linuxbrew/.linuxbrew/bin',
  '/usr/local/mysql/bin',
];

/** The folders of `path` (as in the environment variable), then `usual`, whose `*` stands for any one name. */
export async function foldersToSearch(
  path: string | undefined,
  usual: readonly string[] = USUAL_FOLDERS,
): Promise<string[]> {
  const folders = (path ?? '').split(delimiter).filter(isAbsolute);
  for (const folder of usual) {
    const [before, after] = folder.split('*') as [string, string?];
    if (after === undefined) folders.push(folder);
    else {
      const names = await readdir(before).catch(() => []);
      folders.push(...names.toSorted().map((name) => join(before, name, after)));
    }
  }
  return [...new Set(folders)];
}

/** The first executable of one of these names, the first name preferred in all folders. A path stands for itself. */
export async function findBinary(
  names: readonly string[],
  folders: readonly string[],
): Promise<string | undefined> {
  for (const name of names) {
    const candidates = isAbsolute(name) ? [name] : folders.map((folder) => join(folder, name));
    for (const candidate of candidates) {
      if (await isExecutable(candidate)) return candidate;
    }
  }
  return undefined;
}

async function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}
