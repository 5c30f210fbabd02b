import {
  compileSnapshot,
  withKills,
  type Config,
  type GatewayReport,
  type Snapshot,
  type SnapshotSource,
  type Stages,
} from '../../contexts/index.ts';
import type { Log } from '../../runtime/log.ts';
import { wait } from '../../runtime/wait.ts';
import type { Latches } from '../kill/latches.ts';
import type { SnapshotCopy } from './copy.ts';
import { outage } from './outage.ts';
import { withTimeout } from './with-timeout.ts';

export interface HolderOptions {
  readonly config: Config;
  readonly source: SnapshotSource;
  readonly copy: SnapshotCopy;
  /** What the kill switch holds, in every snapshot from the first on. */
  readonly latches: Pick<Latches, 'inForce' | 'onChange'>;
  /** The gateway's name in its reports. */
  readonly name: string;
  readonly writesInFlight: () => GatewayReport['writesInFlight'];
  readonly log: Log;
  /** Milliseconds between two looks at the store. Default 500. */
  readonly poll?: number;
  /** Milliseconds that the store may take to answer. Default 2,000. */
  readonly patience?: number;
}

/** The snapshot in force on this gateway. */
export interface Holder {
  /** Whole and unchanging; the next call may return another. */
  current(): Snapshot;
  /** Calls the listener, one alone, at once when another snapshot is in force. */
  onChange(listener: () => void): void;
  /** Why there is no snapshot: neither the store nor the copy on disk had one. Everything goes to the monolith then. */
  missing(): string | undefined;
  /** Milliseconds since the store answered last; undefined when it never did. */
  storeSeenAgo(): number | undefined;
  /** Joins the stages in force with another configuration, at once. */
  reconfigure(config: Config): void;
  stop(): Promise<void>;
}

/**
 * Takes the stages from the store, or from the copy on disk while the store is away, and keeps them up to date:
 * at every hint at once, and at every poll whether a hint came or not. A revision of the same generation never
 * goes back; another generation is another store, and wins. Every revision taken over is confirmed at once.
 */
export async function openHolder(options: HolderOptions): Promise<Holder> {
  let { config } = options;
  const { source, copy, latches, log, poll = 500, patience = 2_000 } = options;
  const stopped = new AbortController();
  let stages: Stages | undefined;
  let storeSeenAt: number | undefined;
  const killed = (stored: Snapshot) => withKills(stored, latches.inForce(), config.gateway.kill.retryAfter);
  let snapshot = killed(compileSnapshot(config, allLegacy(config)));
  let changed = () => {};
  const take = (next: Snapshot) => {
    snapshot = next;
    changed();
  };
  latches.onChange(() => take(killed(snapshot)));
  let hinted: (() => void) | undefined;
  let pending = false;
  let written: Promise<void> = Promise.resolve();
  const reading = outage(
    log,
    'the store can’t be read; what is in force stays in force',
    'the store can be read again',
  );
  const copying = outage(
    log,
    'the copy of the snapshot can’t be written',
    'the copy of the snapshot is written again',
  );
  const confirm = confirmer(options, patience, () => stages);

  const put = (next: Stages, from: string): boolean => {
    if (stages && next.generation === stages.generation && next.revision <= stages.revision) return false;
    stages = next;
    take(killed(compileSnapshot(config, next)));
    log.info({ generation: next.generation, revision: next.revision, from }, 'snapshot in force');
    return true;
  };
  const refresh = async (): Promise<void> => {
    try {
      const next = await withTimeout(source.read(), patience, 'the store');
      reading.over();
      storeSeenAt = performance.now();
      if (put(next, 'store')) written = copy.write(next).then(copying.over, copying.fails);
      confirm();
    } catch (error) {
      reading.fails(error);
    }
  };

  const unsubscribe = source.onHint(() => {
    pending = true;
    hinted?.();
  });
  await refresh();
  if (!stages) {
    try {
      const found = await copy.read();
      if (found) put(found, copy.file);
    } catch (error) {
      log.error({ err: error }, 'the copy of the snapshot can’t be read');
    }
    if (!stages) log.warn('no snapshot: everything goes to the monolith until the store can be read');
  }
  const loop = (async () => {
    while (!stopped.signal.aborted) {
      // A hint that came during the last read may be about something newer than what was read.
      if (!pending) {
        const woken = new AbortController();
        hinted = () => woken.abort();
        await wait(poll, AbortSignal.any([woken.signal, stopped.signal]));
      }
      pending = false;
      if (!stopped.signal.aborted) await refresh();
    }
  })();

  return {
    current: () => snapshot,
    onChange: (listener) => void (changed = listener),
    reconfigure(next) {
      config = next;
      take(killed(compileSnapshot(config, stages ?? allLegacy(config))));
    },
    missing: () => (stages ? undefined : 'no snapshot: the store is away and there is no copy on disk'),
    storeSeenAgo: () => (storeSeenAt === undefined ? undefined : performance.now() - storeSeenAt),
    async stop() {
      unsubscribe();
      stopped.abort();
      await loop;
      await written;
    },
  };
}

/** Sends reports one at a time, always the latest: an old one that overtakes a new one would deny it. */
function confirmer(
  { source, name, writesInFlight, log }: HolderOptions,
  patience: number,
  stages: () => Stages | undefined,
): () => void {
  const confirming = outage(
    log,
    'the store doesn’t take this gateway’s confirmations; changes will name it as not reached',
    'the store takes confirmations again',
  );
  let busy = false;
  let again = false;
  const run = async () => {
    busy = true;
    do {
      again = false;
      const now = stages();
      if (!now) break;
      const { generation, revision } = now;
      try {
        const report = { gateway: name, generation, revision, writesInFlight: writesInFlight() };
        await withTimeout(source.confirm(report), patience, 'the store');
        confirming.over();
      } catch (error) {
        confirming.fails(error);
      }
    } while (again);
    busy = false;
  };
  return () => {
    if (busy) again = true;
    else void run();
  };
}

/** What is in force while nobody knows better: everything stays with the monolith. */
function allLegacy(config: Config): Stages {
  const legacy = { reads: { stage: 'legacy' }, writes: { stage: 'legacy' } } as const;
  return {
    generation: '',
    revision: 0,
    contexts: Object.fromEntries(
      Object.keys(config.contexts).map((name) => [name, { ...legacy, salt: name }]),
    ),
  };
}
