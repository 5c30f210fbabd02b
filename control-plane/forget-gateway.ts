import { Refusal } from './refusal.ts';
import type { SnapshotStore } from './store/snapshot-store.ts';

export interface ForgottenGateway {
  readonly gateway: string;
  readonly lastSeenAgoMs: number;
}

/** One that has reported within so long (milliseconds) would be on the register again in half a second. */
const ALIVE_WITHIN = 5_000;

/**
 * Takes a gateway that is gone for good off the register, so that no change names it any more. It is for the one
 * who knows: a gateway that is only cut off goes on sending requests where its last snapshot says.
 */
export async function forgetGateway(store: SnapshotStore, name: string): Promise<ForgottenGateway> {
  const gateways = await store.gateways();
  const found = gateways.find(({ gateway }) => gateway === name);
  if (!found) throw unknownGateway(name, gateways);
  const lastSeenAgoMs = Math.round(found.seenAgoMs);
  if (lastSeenAgoMs < ALIVE_WITHIN && found.unreadable === undefined) {
    throw new Refusal(
      'alive',
      `gateway '${name}' reported ${lastSeenAgoMs} ms ago: it lives, and would be registered again at once; stop it, and it leaves by itself`,
      { lastSeenAgoMs },
    );
  }
  if (!(await store.forget(name))) throw unknownGateway(name, gateways);
  return { gateway: name, lastSeenAgoMs };
}

function unknownGateway(name: string, gateways: readonly { gateway: string }[]): Refusal {
  const known = gateways.map(({ gateway }) => gateway).filter((gateway) => gateway !== name);
  return new Refusal(
    'unknown',
    `there is no gateway '${name}'; registered gateways: ${known.join(', ') || 'none'}`,
    { known },
  );
}
