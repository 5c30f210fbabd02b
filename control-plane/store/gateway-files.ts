import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { GatewayReport } from '../../contexts/index.ts';
import { ifMissing, isErrno } from './errno.ts';
import type { RegisteredGateway, Speaker } from './snapshot-store.ts';

const reportSchema = z.object({
  gateway: z.string(),
  generation: z.string(),
  revision: z.number(),
  writesInFlight: z.record(z.string(), z.number()),
  /** Milliseconds since 1970, by this host's clock. */
  seenAt: z.number(),
  instance: z.string().default(''),
});
type StoredReport = z.output<typeof reportSchema>;

/** The register of gateways: `<folder>/<name>.json` is what a gateway reported last. */
export interface GatewayFiles {
  /** As `SnapshotStore.confirm`. */
  put(report: GatewayReport, speaker?: Speaker): Promise<boolean>;
  all(): Promise<RegisteredGateway[]>;
  /** Takes the gateway off, if that instance has the name; any, unless one is given. False when there is none. */
  remove(gateway: string, instance?: string): Promise<boolean>;
}

export function openGatewayFiles(folder: string): GatewayFiles {
  const fileOf = (gateway: string) => join(folder, `${encodeURIComponent(gateway)}.json`);

  return {
    async put(report, { instance, replaces } = { instance: '' }) {
      await mkdir(folder, { recursive: true });
      const file = fileOf(report.gateway);
      const temporary = join(folder, `.${randomUUID()}`);
      const stored: StoredReport = { ...report, seenAt: Date.now(), instance };
      await writeFile(temporary, JSON.stringify(stored));
      try {
        let found = await readReport(file);
        if (found === undefined) {
          // Of two that find the name free, one gets it: a link is never made over a file.
          if (await linked(temporary, file)) return true;
          // The other may be an earlier report of this instance that is still under way.
          found = await readReport(file);
          if (found === undefined) return false;
        }
        // One that can't be read says nothing about who has the name: whoever reports puts it right.
        const mine =
          'unreadable' in found ||
          found.instance === instance ||
          (replaces !== undefined && found.instance.startsWith(replaces));
        if (mine) await rename(temporary, file);
        return mine;
      } finally {
        await rm(temporary, { force: true });
      }
    },
    async all() {
      const names = await readdir(folder).catch(ifMissing([] as string[]));
      const found = await Promise.all(
        names
          .filter((name) => name.endsWith('.json'))
          .map(async (name): Promise<RegisteredGateway[]> => {
            const report = await readReport(join(folder, name));
            if (report === undefined) return [];
            const seenAgoMs = Math.max(0, Date.now() - report.seenAt);
            if ('unreadable' in report) {
              const gateway = nameOf(name);
              const { unreadable } = report;
              return [{ gateway, generation: '', revision: 0, writesInFlight: {}, seenAgoMs, unreadable }];
            }
            const { gateway, generation, revision, writesInFlight } = report;
            return [{ gateway, generation, revision, writesInFlight, seenAgoMs }];
          }),
      );
      return found.flat().toSorted((a, b) => (a.gateway < b.gateway ? -1 : 1));
    },
    async remove(gateway, instance) {
      const file = fileOf(gateway);
      const found = await readReport(file);
      if (found === undefined) return false;
      if (instance !== undefined && !('unreadable' in found) && found.instance !== instance) return false;
      await rm(file, { force: true });
      return true;
    },
  };
}

/** Undefined when there is no such file. One that is broken is seen when it was written last. */
async function readReport(
  file: string,
): Promise<StoredReport | { unreadable: string; seenAt: number } | undefined> {
  const text = await readFile(file, 'utf8').catch(ifMissing(undefined));
  if (text === undefined) return undefined;
  try {
    return reportSchema.parse(JSON.parse(text));
  } catch {
    const seenAt = await stat(file).then(({ mtimeMs }) => mtimeMs, ifMissing(Date.now()));
    return { unreadable: `${file} is not a report of a gateway`, seenAt };
  }
}

async function linked(existing: string, file: string): Promise<boolean> {
  try {
    await link(existing, file);
    return true;
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return false;
    throw error;
  }
}

function nameOf(file: string): string {
  const encoded = file.slice(0, -'.json'.length);
  try {
    return decodeURIComponent(encoded);
  } catch {
    return encoded;
  }
}
