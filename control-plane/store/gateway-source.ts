import { randomUUID } from 'node:crypto';
import type { GatewayReport, SnapshotSource } from '../../contexts/index.ts';
import type { SnapshotStore, Speaker } from './snapshot-store.ts';

export interface GatewaySource {
  /** What the gateway takes its stages from. It registers nothing before `listensAt`. */
  readonly source: SnapshotSource;
  /** Registers the gateway: `host` is this machine's name, `port` the one that was really taken. */
  listensAt(host: string, port: number): void;
  /** Takes the gateway off the register; a report that is under way can't put it back. */
  leave(): Promise<void>;
}

export interface GatewaySourceOptions {
  readonly store: Pick<SnapshotStore, 'read' | 'onHint' | 'confirm' | 'leave' | 'recordKill' | 'lag'>;
  /** At most 64 printable characters of ASCII. */
  readonly name: string;
  /** Called with the name under which the gateway is registered, at first and when it is another. */
  readonly onListed?: (listed: string) => void;
}

/** So many gateways of one name are told apart. */
const MOST = 99;

/**
 * The store as one gateway's source. Each process reports as an instance of its own, so that two of one name
 * (`gateway.name` in a shared file) never count as one: the name is the first one's, the next is registered as
 * `name~2`, `name~3` and so on. A name stays with its instance while that is cut off, however long; it is free
 * again when the instance leaves or is forgotten, and it is taken from one that certainly is gone: an earlier
 * process on the same host and port, which this process could not have taken otherwise.
 */
export function gatewaySource({ store, name, onListed }: GatewaySourceOptions): GatewaySource {
  const id = randomUUID();
  let place: string | undefined;
  let held: GatewayReport | undefined;
  let listed: string | undefined;
  let left = false;
  let last: Promise<unknown> = Promise.resolve();

  async function send(report: GatewayReport, at: string): Promise<void> {
    // Once this process has a name, an instance of the same place is a second living one (of a machine that
    // calls itself the same): they would take the name from each other for ever.
    const replaces = listed === undefined ? at : undefined;
    const speaker: Speaker = { instance: `${at}${id}`, replaces };
    if (listed !== undefined && (await store.confirm({ ...report, gateway: listed }, speaker))) return;
    for (let turn = 1; turn <= MOST; turn++) {
      const gateway = nameOf(name, turn);
      if (!(await store.confirm({ ...report, gateway }, speaker))) continue;
      listed = gateway;
      onListed?.(gateway);
      return;
    }
    throw new Error(`${MOST} gateways are called '${name}'; give this one another name with --name`);
  }

  const confirm = async (report: GatewayReport): Promise<void> => {
    if (left) return;
    if (place === undefined) {
      held = report;
      return;
    }
    const sent = send(report, place);
    last = sent.catch(() => {});
    await sent;
  };

  return {
    source: {
      ...{ read: store.read, onHint: store.onHint, confirm, lag: store.lag },
      recordKill: (record) => store.recordKill({ ...record, gateway: listed ?? record.gateway }),
    },
    listensAt(host, port) {
      place = `${host.replaceAll(/[^\x21-\x7e]/g, '-').slice(0, 120)}:${port}#`;
      // Fails while the store is away; every poll reports again.
      if (held) confirm(held).catch(() => {});
    },
    async leave() {
      left = true;
      await last;
      if (listed !== undefined) await store.leave(listed, `${place}${id}`);
    },
  };
}

function nameOf(name: string, turn: number): string {
  const suffix = turn === 1 ? '' : `~${turn}`;
  return `${name.slice(0, 64 - suffix.length)}${suffix}`;
}
