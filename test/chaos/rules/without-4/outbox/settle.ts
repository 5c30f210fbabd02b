import { readLeases } from '../../../../../outbox/lease.ts';
import { settle as write } from '../../../../../outbox/settle.ts';

export * from '../../../../../outbox/settle.ts';

/** Settles in the name of whoever is the owner now, under his epoch. */
export const settle: typeof write = async (database, _owner, settlements) => {
  const leases = new Map(
    (await readLeases(database, { lease: 10_000, requestTimeout: 0 })).map((one) => [one.bucket, one]),
  );
  const settled = new Set<number | string>();
  for (const [owner, theirs] of Map.groupBy(settlements, ({ bucket }) => leases.get(bucket)?.owner)) {
    const current = theirs.map((one) => ({ ...one, epoch: leases.get(one.bucket)!.epoch }));
    if (owner) for (const id of await write(database, owner, current)) settled.add(id);
  }
  return settled;
};
