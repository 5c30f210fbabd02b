import { randomUUID } from 'node:crypto';
import { link, mkdir, open, readFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Stages } from '../../contexts/index.ts';
import type { AuditEntry } from './snapshot-store.ts';

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
    const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
    return names
      .filter((name) => /^\d{12}\.json$/.test(name))
      .map((name) => Number.parseInt(name, 10))
      .toSorted((a, b) => b - a);
  }

  async function readRevision(revision: number): Promise<StoredRevision> {
    const text = await readFile(fileOf(revision), 'utf8');
    try {
      return JSON.parse(text) as StoredRevision;
    } catch (cause) {
      throw new Error(
        `${fileOf(revision)} is not JSON: ${(cause as Error).message}; put its content right, or delete it to go back to the revision before it`,
        { cause },
      );
    }
  }

  return {
    async newest() {
      const [newest] = await numbers();
      return newest === undefined ? undefined : readRevision(newest);
    },
    async create(revision) {
      await mkdir(folder, { recursive: true });
      const temporary = join(folder, `.${randomUUID()}`);
      try {
        await writeDurably(temporary, `${JSON.stringify(revision, undefined, 2)}\n`);
        await link(temporary, fileOf(revision.revision));
        await syncFolder(folder);
        return true;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
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
