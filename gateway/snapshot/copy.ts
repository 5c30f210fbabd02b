import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { WRITES_STAGES, type Stages } from '../../contexts/index.ts';

const stagesSchema: z.ZodType<Stages> = z.object({
  generation: z.string(),
  revision: z.number().int(),
  contexts: z.record(
    z.string(),
    z.object({
      reads: z.discriminatedUnion('stage', [
        z.object({ stage: z.enum(['legacy', 'shadow', 'extracted', 'retired']) }),
        z.object({
          stage: z.literal('canary'),
          percent: z.number().min(0).max(100),
          include: z.array(z.string()).optional(),
          exclude: z.array(z.string()).optional(),
        }),
      ]),
      writes: z.object({ stage: z.enum(WRITES_STAGES) }),
      salt: z.string(),
    }),
  ),
});

/** A gateway's own copy of the stages on its disk, for a start while the store is away. */
export interface SnapshotCopy {
  readonly file: string;
  /** Undefined when there is none. Rejects when there is one that can't be read. */
  read(): Promise<Stages | undefined>;
  /** Replaces the copy whole: a crash leaves the old one or the new one. */
  write(stages: Stages): Promise<void>;
}

/** The copy of the gateway of this name: `<stateDir>/snapshot-<name>.json`. */
export function snapshotCopy(stateDir: string, name: string): SnapshotCopy {
  const file = join(stateDir, `snapshot-${encodeURIComponent(name)}.json`);
  // One after the other: two writers of one temporary file would mix their texts.
  let last: Promise<void> = Promise.resolve();
  const replace = async (stages: Stages) => {
    await mkdir(stateDir, { recursive: true });
    await writeFile(`${file}.tmp`, `${JSON.stringify(stages)}\n`, { flush: true });
    await rename(`${file}.tmp`, file);
  };
  return {
    file,
    async read() {
      let text: string;
      try {
        text = await readFile(file, 'utf8');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        throw error;
      }
      try {
        return stagesSchema.parse(JSON.parse(text));
      } catch (cause) {
        throw new Error(`${file} is not a copy of a snapshot; delete it to start without`, { cause });
      }
    },
    write(stages) {
      last = last.catch(() => {}).then(() => replace(stages));
      return last;
    },
  };
}
