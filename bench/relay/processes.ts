import { fileURLToPath } from 'node:url';
import { freePort, startChild, untilReady, type Child } from '../../demo/servers/child.ts';
import { startKinesis } from '../../demo/servers/kinesis.ts';
import { wait } from '../../runtime/wait.ts';
import { usageOf, type Usage } from '../gateway/usage.ts';
import type { Loop, LoopIdle } from './loops.ts';
import type { NullKinesis, Seen } from './null-kinesis.ts';
import type { RelayProcess } from './relay-process.ts';

/** A script of this folder as a process of its own. */
export interface Script {
  usage(): Usage;
  stop(): Promise<void>;
}

export interface NullKinesisProcess extends Script {
  readonly url: string;
  /** What it got, if it keeps that. */
  seen(): Promise<Seen>;
  count(): Promise<number>;
}

export interface LoopProcess extends Script {
  /** When so many events in all were dealt with; milliseconds since 1970. */
  done(events: number): Promise<number>;
}

/** Milliseconds that anything may take. */
const PATIENCE = 600_000;

export async function startNullKinesis(options: Omit<NullKinesis, 'port'>): Promise<NullKinesisProcess> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const get = async (what: string) => (await fetch(`${url}/${what}`)).json();
  const count = async () => ((await get('count')) as { count: number }).count;
  const child = script('null-kinesis.ts', { ...options, port } satisfies NullKinesis);
  await untilReady(child, 'the null Kinesis', async () => (await count()) === 0);
  return { ...over(child), url, count, seen: async () => (await get('seen')) as Seen };
}

/** `profile`: a folder that gets the relay's CPU profile when it ends. */
export async function startRelayProcess(
  options: RelayProcess,
  profile?: string | undefined,
): Promise<Script> {
  const flags = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`];
  const child = script('relay-process.ts', options, { flags });
  await untilReady(child, 'the relay', () => Promise.resolve(child.output().includes('runs\n')));
  return over(child);
}

/** The emulator behind the tests' fault proxy, which holds each shard to its limits. `url` is the proxy's. */
export async function startThrottledKinesis(): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const emulator = await startKinesis();
  let output = '';
  const child = script('throttled-kinesis.ts', emulator.url, { onOutput: (text) => (output += text) });
  await untilReady(child, 'the fault proxy', () => Promise.resolve(output.includes('\n')));
  return {
    url: output.trim(),
    async stop() {
      await child.stop();
      await emulator.stop();
    },
  };
}

export async function startLoop(options: Loop): Promise<LoopProcess> {
  let output = '';
  const child = script('loops.ts', options, { onOutput: (text) => (output += text) });
  await untilReady(child, `the ${options.kind} loop`, () => Promise.resolve(output.includes('runs\n')));
  let ended = false;
  void child.ended.then(() => (ended = true));
  const idle = () => JSON.parse(output.trim().split('\n').slice(1).at(-1) ?? '{"events":0}') as LoopIdle;
  return {
    ...over(child),
    async done(events) {
      for (const deadline = Date.now() + PATIENCE; Date.now() < deadline && !ended; await wait(20))
        if (idle().events >= events) return idle().at;
      throw new Error(`the ${options.kind} loop dealt with ${idle().events} of ${events}: ${child.output()}`);
    },
  };
}

/** Asks until the answer is yes. */
export async function untilTrue(what: string, ask: () => Promise<boolean>, every = 100): Promise<void> {
  for (const deadline = Date.now() + PATIENCE; Date.now() < deadline; await wait(every))
    if (await ask()) return;
  throw new Error(`waited ${PATIENCE / 1_000} s in vain: ${what}`);
}

function script(
  name: string,
  options: object | string,
  { flags = [], onOutput }: { flags?: readonly string[]; onOutput?: (text: string) => void } = {},
): Child {
  return startChild({
    command: process.execPath,
    args: [
      ...flags,
      fileURLToPath(new URL(name, import.meta.url)),
      typeof options === 'string' ? options : JSON.stringify(options),
    ],
    ...(onOutput ? { onOutput } : {}),
  });
}

function over(child: Child): Script {
  return { usage: () => usageOf(child.pid), stop: () => child.stop() };
}
