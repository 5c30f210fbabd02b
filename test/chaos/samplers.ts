import { readLag } from '../../outbox/lag.ts';
import { openDatabase, type Database } from '../../runtime/database.ts';
import { runStatement } from '../../outbox/run-statement.ts';
import { wait } from '../../runtime/wait.ts';
import type { LagReading, LeaseSample } from './history.ts';
import { TYPE } from './writers.ts';

/** Looks all the time, while the run goes on; what can't be read is no sample. */
export interface Samplers {
  readonly leases: readonly LeaseSample[];
  readonly lag: readonly LagReading[];
  stop(): Promise<void>;
}

const [LEASES_EVERY, LAG_EVERY] = [50, 150];

export function startSamplers(url: string): Samplers {
  const database = openDatabase(url, { connections: 2, connectTimeout: 2_000 });
  const ended = new AbortController();
  const leases: LeaseSample[] = [];
  const lag: LagReading[] = [];
  const every = async (milliseconds: number, sample: () => Promise<void>) => {
    while (!ended.signal.aborted) {
      await sample().catch(() => {});
      await wait(milliseconds, ended.signal);
    }
  };
  const running = [
    every(LEASES_EVERY, async () => keep(leases, await sampleLeases(database))),
    every(LAG_EVERY, async () => void lag.push(await sampleLag(database))),
  ];
  return {
    leases,
    lag,
    async stop() {
      ended.abort();
      await Promise.all(running);
      keep(leases, await sampleLeases(database));
      await database.end();
    },
  };
}

async function sampleLeases(database: Database): Promise<LeaseSample> {
  const from = Date.now();
  const { rows } = await runStatement<{ owner: string | null; epoch: number }>(
    database,
    'SELECT owner, epoch FROM banyan_outbox_lease ORDER BY bucket',
  );
  // A relay adds a part to its name that makes each start unique, which its requests don't show.
  const leases = rows.map(({ owner, epoch }) => ({
    owner: owner?.split('~')[0] ?? null,
    epoch: Number(epoch),
  }));
  return { from, to: Date.now(), leases };
}

/** Of samples that say the same, one after the other, the first and the last are enough. */
function keep(samples: LeaseSample[], next: LeaseSample): void {
  const same = (one: LeaseSample | undefined) =>
    one?.leases.every(({ owner, epoch }, bucket) => {
      const other = next.leases[bucket];
      return other?.owner === owner && other.epoch === epoch;
    });
  if (same(samples.at(-1)) && same(samples.at(-2))) samples[samples.length - 1] = next;
  else samples.push(next);
}

async function sampleLag(database: Database): Promise<LagReading> {
  const from = Date.now();
  const { types } = await readLag(database);
  const found = types.find(({ type }) => type === TYPE);
  const ages = found
    ? [found.pending > 0 ? found.oldestAgeMs : 0, found.parked > 0 ? found.oldestParkedAgeMs : 0]
    : [0];
  const ageMs = ages.includes(null) ? null : Math.max(...(ages as number[]));
  return { from, to: Date.now(), ageMs };
}
