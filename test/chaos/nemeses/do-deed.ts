import type { Deed, DeedOf } from '../plan.ts';
import type { World } from '../world.ts';
import { cutRelay, freezeRelay } from './cut-relay.ts';
import { killRelay, stopRelay } from './kill-relay.ts';
import { pauseRelay } from './pause-relay.ts';
import { mergeShards, splitShard } from './reshard.ts';
import { killConnections, restartDatabase } from './restart-database.ts';
import { restartRedis } from './restart-redis.ts';
import { streamAway, throttleHashes } from './spoil-stream.ts';
import { stepClock } from './step-clock.ts';

const NEMESES: { readonly [Kind in Deed['kind']]: (world: World, deed: DeedOf<Kind>) => Promise<void> } = {
  'kill-relay': killRelay,
  'stop-relay': stopRelay,
  'pause-relay': pauseRelay,
  'step-clock': stepClock,
  'cut-relay': cutRelay,
  'freeze-relay': freezeRelay,
  'restart-database': restartDatabase,
  'kill-connections': killConnections,
  'restart-redis': restartRedis,
  'split-shard': splitShard,
  'merge-shards': mergeShards,
  'stream-away': streamAway,
  'throttle-hashes': throttleHashes,
};

/** Does what was planned; resolves when it is over and what it took away is back. */
export const doDeed = <Kind extends Deed['kind']>(world: World, deed: DeedOf<Kind>): Promise<void> =>
  NEMESES[deed.kind as Kind](world, deed);
