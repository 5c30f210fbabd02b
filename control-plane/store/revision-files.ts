import { randomUUID } from 'node:crypto';
import { link, mkdir, open, readFile, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Stages } from '../../contexts/index.ts';
import { ifMissing, isErrno } from './errno.ts';
import { StoreAway, type AuditEntry } from './snapshot-store.ts';

/** One whole revision, as it stands in its file. */
export interface StoredRevision extends Stages {
  readonly audit: readonly AuditEntry[];
}

/**
 * One file per revision, named by its number. To create the file is to take the number: `link` fails when the
 * name exists, so of two writers one is first and the other sees it. There is no lock file that a killed
 * process could leave behind, and a reader never sees half a revision.
 */
export interface RevisionFiles {
  newest(): Promise<StoredRevision | undefined>;
  /** Durable when it resolves. False when another writer has taken the number. */
  create(revision: StoredRevision): Promise<boolean>;
  newestFirst(): AsyncGenerator<StoredRevision>;
}

export function openRevisionFiles(folder: string): RevisionFiles {
  const fileOf = (revision: number) => join(folder, `${String(revision).padStart(12, '0')}.json`);

  async function numbers(): Promise<number[]> {
    const names = await readdir(folder).catch(ifMissing([] as string[]));
    return names
      .filter((name) => /^\d{12}\.json$/.test(name))
      .map((name) => Number.parseInt(name, 10))
      .toSorted((a, b) => b - a);
  }

  async function readRevision(revision: number): Promise<StoredRevision> {
    const text = await readFile(fileOf(revision), 'utf8');
    try {
      return revisionIn(text, revision);
    } catch (cause) {
      throw new StoreAway(
        `${fileOf(revision)} can't be read: ${(cause as Error).message}; put its content right, or delete it to go back to the revision before it`,
        { cause },
      );
    }
  }

  /** The newest revision as it was read last, and how folder and file looked just before. */
  let known:
    { readonly looks: string; readonly number: number; readonly revision: StoredRevision } | undefined;

  /** Two looks, however many files there are, while nothing has changed. */
  async function newest(): Promise<StoredRevision | undefined> {
    if (known) {
      const [folderNow, fileNow] = await Promise.all([looksOf(folder), looksOf(fileOf(known.number))]);
      if (folderNow && fileNow && folderNow + fileNow === known.looks) return known.revision;
    }
    known = undefined;
    const folderLooks = await looksOf(folder);
    const [number] = await numbers();
    if (number === undefined) return undefined;
    const fileLooks = await looksOf(fileOf(number));
    const revision = await readRevision(number);
    if (folderLooks && fileLooks) known = { looks: folderLooks + fileLooks, number, revision };
    return revision;
  }

  return {
    newest,
    async create(revision) {
      await mkdir(folder, { recursive: true });
      const temporary = join(folder, `.${randomUUID()}`);
      try {
        await writeDurably(temporary, `${JSON.stringify(revision, undefined, 2)}\n`);
        await link(temporary, fileOf(revision.revision));
        await syncFolder(folder);
        return true;
      } catch (error) {
        if (isErrno(error, 'EEXIST')) return false;
        throw error;
      } finally {
        await rm(temporary, { force: true });
      }
    },
    async *newestFirst() {
      for (const number of await numbers()) yield await readRevision(number);
    },
  };
}

/** Throws when the text is none, or another's: somebody's hand was in it. */
function revisionIn(text: string, number: number): StoredRevision {
  const found = JSON.parse(text) as Partial<StoredRevision> | null;
  const { generation, revision, contexts, audit } = found ?? {};
  if (typeof generation !== 'string' || revision !== number || !contexts || !Array.isArray(audit))
    throw new Error(`it is not revision ${number} with generation, contexts and audit`);
  return { generation, revision, contexts, audit };
}

/** So long (milliseconds) after a change, another one may leave the same time behind: clocks of files are coarse. */
const SETTLED_AFTER = 1_000;

/** What changes whenever the folder or the file does; undefined when it can't be relied on. */
async function looksOf(path: string): Promise<string | undefined> {
  const found = await stat(path, { bigint: true }).catch(ifMissing(undefined));
  if (!found || Date.now() - Number(found.mtimeMs) < SETTLED_AFTER) return undefined;
  return `${found.ino} ${found.mtimeNs}\n`;
}

async function writeDurably(file: string, text: string): Promise<void> {
  const handle = await open(file, 'wx', 0o644);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The new name itself must survive a power failure too. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
