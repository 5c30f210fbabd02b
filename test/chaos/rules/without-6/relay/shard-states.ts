import { shardStates as create } from '../../../../../relay/shard-states.ts';

export * from '../../../../../relay/shard-states.ts';

/** All keys count as the first shard's: one window, and one pace, for all. */
export const shardStates: typeof create = (...given) => {
  const states = create(...given);
  return { ...states, of: () => states.all[0]! };
};
