import { wait } from '../runtime/wait.ts';
import type { Change, RegisteredGateway, SnapshotStore } from './store/snapshot-store.ts';

/** Which gateways have a change in force. Times in milliseconds. */
export interface Takeover {
  /** `afterMs`: from the commit until this process saw the gateway's confirmation, by this process's clock. */
  readonly confirmed: readonly { readonly gateway: string; readonly afterMs: number }[];
  readonly missing: readonly {
    readonly gateway: string;
    readonly generation: string;
    readonly revision: number;
    readonly lastSeenAgoMs: number;
    /** Why its report can't be read; what it has in force is unknown then. */
    readonly unreadable?: string;
  }[];
  /** Why the gateways couldn't be asked at the end; absent when they could. */
  readonly unknown?: string;
}

/** A gateway silent for so long (milliseconds) is named at once and not waited for. */
const SILENT_AFTER = 30_000;
/** Confirmations are looked up so often (milliseconds) even when no hint comes. */
const POLL = 20;

/** Waits until every registered gateway has the change in force, at most `timeout` milliseconds. */
export async function awaitTakeover(
  store: Pick<SnapshotStore, 'gateways' | 'onConfirmation'>,
  change: Pick<Change, 'generation' | 'revision' | 'committedAt'>,
  timeout: number,
): Promise<Takeover> {
  const deadline = performance.now() + timeout;
  const afterMs = new Map<string, number>();
  let gateways: RegisteredGateway[] = [];
  let trouble: Error | undefined;
  for (;;) {
    // Listening begins before the look, so that a confirmation between the two isn't missed.
    const looked = new AbortController();
    const unlisten = store.onConfirmation(() => looked.abort());
    try {
      gateways = await store.gateways();
      trouble = undefined;
      const now = performance.now();
      for (const gateway of gateways) {
        if (hasChange(gateway, change) && !afterMs.has(gateway.gateway)) {
          afterMs.set(gateway.gateway, now - change.committedAt);
        }
      }
    } catch (error) {
      trouble = error as Error;
    }
    const missing = gateways.filter((gateway) => !hasChange(gateway, change));
    const hope = trouble ?? missing.some((gateway) => gateway.seenAgoMs < SILENT_AFTER);
    const left = deadline - performance.now();
    if (!hope || left <= 0) {
      unlisten();
      return {
        confirmed: gateways
          .filter((gateway) => hasChange(gateway, change))
          .map(({ gateway }) => ({ gateway, afterMs: round(afterMs.get(gateway)!) })),
        missing: missing.map(({ gateway, generation, revision, seenAgoMs, unreadable }) => ({
          ...{ gateway, generation, revision },
          lastSeenAgoMs: Math.round(seenAgoMs),
          ...(unreadable === undefined ? {} : { unreadable }),
        })),
        ...(trouble ? { unknown: trouble.message } : {}),
      };
    }
    await wait(Math.min(POLL, left), looked.signal);
    unlisten();
  }
}

function hasChange(gateway: RegisteredGateway, change: Pick<Change, 'generation' | 'revision'>): boolean {
  return gateway.generation === change.generation && gateway.revision >= change.revision;
}

const round = (milliseconds: number) => Math.round(milliseconds * 10) / 10;
