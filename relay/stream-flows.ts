import type { StreamMap } from '../outbox/stream-map.ts';
import { rowsOf } from '../outbox/stream-map.ts';
import type { StreamAddress } from './kinesis-publisher.ts';
import { createFlow, type FlowOptions, type SharedParts, type StreamFlow } from './stream-flow.ts';

/** The flows of all streams of a relay, and what is asked of all of them together. */
export interface StreamFlows {
  /** That of the stream that events go to unless they go to another comes first. */
  readonly all: readonly StreamFlow[];
  of(stream: string): StreamFlow;
  readonly names: ReadonlySet<string>;
  /** Records on their way. */
  readonly inFlight: number;
  /** Rows in memory. */
  readonly rows: number;
  /** Why one of the streams can't be used; undefined while all can. */
  reason(): string | undefined;
  readonly running: boolean;
  /** Milliseconds since one of them acknowledged a record; undefined: never. */
  acknowledgedAgo(): number | undefined;
  /** Begins with each as its rows of the map; resolves with the first that runs: none holds up the others. */
  begin(parts: SharedParts, map: StreamMap, signal: AbortSignal): Promise<void>;
  wake(): void;
  /** Whether some stream can be reached, found out without sending. Never rejects. */
  probe(): Promise<boolean>;
  /** Claims and sends nothing new; resolves when nothing is in flight. */
  stop(): Promise<void>;
  close(): void;
}

export function createFlows(
  addresses: readonly StreamAddress[],
  options: Omit<FlowOptions, 'what'>,
): StreamFlows {
  const all = addresses.map((address, index) =>
    createFlow(address, { ...options, what: index === 0 ? 'kinesis' : `kinesis, stream ${address.name}` }),
  );
  const byName = new Map(all.map((flow) => [flow.stream, flow]));
  return {
    all,
    of: (stream) => byName.get(stream)!,
    names: new Set(byName.keys()),
    get inFlight() {
      return all.reduce((sum, flow) => sum + flow.inFlight, 0);
    },
    get rows() {
      return all.reduce((sum, { window }) => sum + window.rows, 0);
    },
    reason: () => all.map((flow) => flow.reason()).find((reason) => reason !== undefined),
    get running() {
      return all.some((flow) => flow.running);
    },
    acknowledgedAgo() {
      const known = all.map((flow) => flow.acknowledgedAgo()).filter((ago) => ago !== undefined);
      return known.length === 0 ? undefined : Math.min(...known);
    },
    begin: (parts, map, signal) =>
      Promise.race(all.map((flow) => flow.begin(parts, rowsOf(map, flow.stream), signal))),
    wake() {
      for (const flow of all) flow.wake();
    },
    async probe() {
      return (await Promise.all(all.map((flow) => flow.probe()))).some(Boolean);
    },
    async stop() {
      await Promise.all(all.map((flow) => flow.stop()));
    },
    close() {
      for (const flow of all) flow.close();
    },
  };
}
