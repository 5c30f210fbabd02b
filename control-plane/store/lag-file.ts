import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { ifMissing } from './errno.ts';

const schema = z.record(z.string(), z.number());

/** How far each context's consumer is, in one file: milliseconds since 1970 by this host's clock. */
export function openLagFile(folder: string): {
  put(ago: () => Readonly<Record<string, number>>): Promise<void>;
  read(): Promise<Record<string, number>>;
} {
  const file = join(folder, 'lag.json');
  const stored = async () => {
    const text = await readFile(file, 'utf8').catch(ifMissing('{}'));
    try {
      return schema.parse(JSON.parse(text));
    } catch {
      // Nobody knows then; the next one who tells writes it anew.
      return {};
    }
  };
  return {
    async put(ago) {
      await mkdir(folder, { recursive: true });
      const known = await stored();
      const now = Date.now();
      for (const [context, lag] of Object.entries(ago())) known[context] = now - lag;
      const temporary = join(folder, `.${randomUUID()}`);
      await writeFile(temporary, JSON.stringify(known));
      await rename(temporary, file);
    },
    async read() {
      const known = await stored();
      const now = Date.now();
      return Object.fromEntries(Object.entries(known).map(([context, until]) => [context, now - until]));
    },
  };
}
