import { fileURLToPath } from 'node:url';
import { startChild, type Child } from '../../demo/servers/child.ts';
import type { RelayProcess } from '../relay/relay-process.ts';
import { startTcpGate, type TcpGate } from '../relay/tcp-gate.ts';
import { until } from '../support/until.ts';
import { loaded, preloadWithout, standInsOf } from './rules/stand-ins-of.ts';

const RELAY_PROCESS = fileURLToPath(new URL('../relay/relay-process.ts', import.meta.url));
const SHIFT_CLOCK = new URL('./shift-clock.ts', import.meta.url).href;

export interface ChaosRelay {
  /** As in leases and requests; another with each start. */
  readonly name: string;
  readonly child: Child;
  /** Between the relay and the database. */
  readonly gate: TcpGate;
  /** It runs and knows the signals. */
  readonly up: boolean;
}

export interface Relays {
  readonly all: readonly ChaosRelay[];
  /** Starts it anew, under a name that no relay had before. */
  start(index: number): Promise<void>;
  stop(): Promise<void>;
}

export interface RelaysOptions extends Omit<RelayProcess, 'name' | 'aggregation'> {
  /** Per relay, whether it packs a key's events into one record. */
  readonly packing: readonly boolean[];
  /** The rule that is off in them; none unless given. */
  readonly without?: number | undefined;
}

/** Relays as processes, each behind a gate of its own to the database. Each names itself in its requests. */
export async function startRelays({ packing, without, ...options }: RelaysOptions): Promise<Relays> {
  const gates = await Promise.all(packing.map(() => startTcpGate(options.database)));
  const running: { name: string; child: Child; gate: TcpGate; up: boolean }[] = [];
  const [preload, standIns] =
    without === undefined ? [[], []] : [[preloadWithout(without)], standInsOf(without)];
  let starts = 0;

  async function start(index: number): Promise<void> {
    const name = `relay-${index}-${starts++}`;
    const given: RelayProcess = {
      ...options,
      database: gates[index]!.url,
      name,
      aggregation: packing[index] ? 'same-key' : 'none',
    };
    let said = '';
    const child = startChild({
      command: process.execPath,
      args: [
        ...[SHIFT_CLOCK, ...preload].flatMap((module) => ['--import', module]),
        RELAY_PROCESS,
        JSON.stringify(given),
      ],
      env: { ...process.env, AWS_SDK_UA_APP_ID: name },
      onOutput: (text) => void (said = (said + text).slice(-200)),
    });
    running[index] = { name, child, gate: gates[index]!, up: false };
    const ended = child.ended.then(() => true);
    await until(
      `${name} runs`,
      async () => said.includes('runs\n') || (await Promise.race([ended, Promise.resolve(false)])),
      60_000,
    );
    if (!said.includes('runs\n')) throw new Error(`${name} ended while starting:\n${child.output()}`);
    // A rule is off only if the product has taken each module that stands in for one of its own.
    const unused = standIns.filter((path) => !child.output().includes(loaded(path)));
    if (unused.length > 0)
      throw new Error(`${name} has no use for ${unused.join(', ')} of rules/without-${without}`);
    running[index].up = true;
  }
  await Promise.all(packing.map((_, index) => start(index)));
  return {
    all: running,
    start,
    async stop() {
      for (const { child } of running) {
        child.kill('SIGCONT');
        child.kill('SIGKILL');
      }
      await Promise.all(running.map(({ child }) => child.ended));
      await Promise.all(gates.map((gate) => gate.stop()));
    },
  };
}
