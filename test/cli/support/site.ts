import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, startChild, type Child } from '../../../demo/servers/child.ts';
import { until } from '../../support/until.ts';
import { CLI } from './banyan.ts';

/** A tiny monolith and a tiny service, each answering with its name; a folder; and processes that stand in it. */
export interface Site {
  readonly folder: string;
  readonly monolith: string;
  readonly service: string;
  /** `host:port` on a port that is free. */
  address(): Promise<string>;
  /** Starts a process of Banyan, and waits until `url` answers. */
  start(url: string, ...args: string[]): Promise<Child>;
  stop(): Promise<void>;
}

export async function openSite(): Promise<Site> {
  const folder = await mkdtemp(join(tmpdir(), 'banyan-cli-'));
  const servers = await Promise.all(['monolith', 'service'].map(startUpstream));
  const [monolith, service] = servers.map(
    (server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  ) as [string, string];
  const children: Child[] = [];
  return {
    ...{ folder, monolith, service },
    address: async () => `127.0.0.1:${await freePort()}`,
    async start(url, ...args) {
      const child = startChild({ command: process.execPath, args: [CLI, ...args], cwd: folder });
      children.push(child);
      let ended = false;
      void child.ended.then(() => (ended = true));
      await until(url, async () => ended || (await fetch(url).catch(() => undefined))?.ok);
      if (ended) throw new Error(`banyan ${args.join(' ')} ended: ${child.output()}`);
      return child;
    },
    async stop() {
      for (const child of children) child.kill('SIGCONT');
      await Promise.all(children.map((child) => child.stop()));
      for (const server of servers) {
        server.close();
        server.closeAllConnections();
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function startUpstream(name: string): Promise<Server> {
  const server = createServer((request, response) => {
    request.resume();
    response.end(name);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
