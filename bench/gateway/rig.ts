import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, startChild, untilReady, type Child } from '../../demo/servers/child.ts';
import { load, type Load, type Measured, type Scenario } from './load.ts';
import type { Proxy } from './proxies.ts';
import { usageOf } from './usage.ts';

/** Each proxy has the first core to itself while it is measured; the clients and the origin share the second. */
const PROXY_CORE = 0;
const LOAD_CORE = 1;

/** One measurement of one proxy. */
export interface Sample extends Measured {
  readonly proxy: string;
  readonly scenario: string;
  /** Seconds of processor time that the proxy took. */
  readonly cpu: number;
  /** Bytes in memory at the end. */
  readonly rss: number;
}

export interface Running {
  readonly proxy: Proxy;
  measure(scenario: Scenario, options: Pick<Load, 'seconds' | 'rate'>): Promise<Sample>;
}

/** The origin, and the proxies before it. */
export interface Rig {
  start(proxy: Proxy): Promise<Running>;
  stop(): Promise<void>;
}

export async function openRig(): Promise<Rig> {
  const folder = mkdtempSync(join(tmpdir(), 'banyan-bench-'));
  const children: Child[] = [];
  const pinned = async (core: number, port: number, command: string, args: string[]) => {
    const child = startChild({
      command: 'taskset',
      args: ['-c', String(core), command, ...args],
      env: process.env,
    });
    children.push(child);
    await untilReady(child, `${command} on port ${port}`, () => accepts(port));
    return child;
  };
  const stop = async () => {
    await Promise.all(children.map((child) => child.stop()));
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const originPort = await freePort();
    const origin = fileURLToPath(new URL('origin.ts', import.meta.url));
    await pinned(LOAD_CORE, originPort, process.execPath, [origin, String(originPort)]);
    return {
      async start(proxy) {
        const port = await freePort();
        const own = join(folder, String(port));
        const { command, args } = proxy.prepare(port, `http://127.0.0.1:${originPort}`, own);
        const child = await pinned(PROXY_CORE, port, command, args);
        let ended = false;
        void child.ended.then(() => (ended = true));
        return {
          proxy,
          async measure(scenario, options) {
            const before = usageOf(child.pid);
            const url = `http://127.0.0.1:${port}`;
            const measured = await load(url, scenario, { ...options, core: LOAD_CORE, folder });
            if (ended) throw new Error(`${proxy.name} has ended: ${child.output()}`);
            const { cpu, rss } = usageOf(child.pid);
            return {
              proxy: proxy.name,
              scenario: scenario.name,
              ...measured,
              cpu: cpu - before.cpu,
              rss,
            };
          },
        };
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Whether a command is on the PATH. */
export function isInstalled(command: string): boolean {
  try {
    execFileSync('which', [command], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
