import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { KILL_CONSENTS, type Kill, type KillRecord } from '../../contexts/index.ts';

/** What a gateway keeps of its kills: those in force by context, and what the audit doesn't have yet. */
export interface Latched {
  readonly kills: ReadonlyMap<string, Kill>;
  readonly unaudited: readonly KillRecord[];
}

const kill = {
  id: z.string(),
  at: z.string(),
  by: z.string(),
  reason: z.string().nullable(),
  consent: z.enum(KILL_CONSENTS).nullable(),
};
const record = z.object({
  ...kill,
  action: z.enum(['kill', 'release']),
  gateway: z.string(),
  context: z.string(),
});
const latchedSchema = z.object({
  kills: z.record(z.string(), z.object(kill)),
  unaudited: z.array(record),
});

/** The latches of the gateway of this name. */
export function latchFile(stateDir: string, name: string): string {
  return join(stateDir, `killed-${encodeURIComponent(name)}.json`);
}

/** Undefined when there is no such file. Rejects when there is one that can't be read. */
export async function readLatches(file: string): Promise<Latched | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
  const { kills, unaudited } = latchedSchema.parse(JSON.parse(text));
  return { kills: new Map(Object.entries(kills)), unaudited };
}

/** Replaces the file whole, and outlives a power failure once it resolves: the content is synced, then its name. */
export async function writeLatches(file: string, { kills, unaudited }: Latched): Promise<void> {
  const folder = dirname(file);
  await mkdir(folder, { recursive: true });
  const temporary = `${file}.${randomUUID()}`;
  try {
    const handle = await open(temporary, 'wx');
    try {
      await handle.writeFile(
        `${JSON.stringify({ kills: Object.fromEntries(kills), unaudited }, undefined, 2)}\n`,
      );
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } finally {
    await rm(temporary, { force: true });
  }
  const named = await open(folder, 'r');
  try {
    await named.sync();
  } finally {
    await named.close();
  }
}
