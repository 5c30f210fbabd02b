import { findPending as find } from '../../../../../outbox/find-pending.ts';

export * from '../../../../../outbox/find-pending.ts';

/** Per bucket, the last id that was read. */
const cursors = new Map<number, number>();

/** Goes on from the last id, as if ids became visible in their order. */
export const findPending: typeof find = async (...given) => {
  const found = await find(...given);
  const rows = found.filter(({ bucket, id }) => Number(id) > (cursors.get(bucket) ?? 0));
  for (const { bucket, id } of rows) cursors.set(bucket, Math.max(Number(id), cursors.get(bucket) ?? 0));
  return rows;
};
