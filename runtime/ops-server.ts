import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Registry } from 'prom-client';
import { parseAddress } from './address.ts';

export interface OpsServer {
  /** `http://host:port`, with the port that was really taken. */
  readonly url: string;
  close(): Promise<void>;
}

export interface OpsOptions {
  /** `host:port`; port 0 takes a free one. Never a public address. */
  readonly address: string;
  /** One or more; their metrics differ in name. */
  readonly metrics: Registry | readonly Registry[];
  /** Undefined when the process can do its work, else why it can't. */
  readonly notReady: () => string | undefined | Promise<string | undefined>;
  /** Further pages by path: what they return is shown as JSON. */
  readonly pages?: Readonly<Record<string, () => unknown>>;
  /** Served besides, by path without the query; each answers its requests itself. */
  readonly handlers?: Readonly<Record<string, RequestListener>>;
}

/** Each process's own port: `/healthz` (it runs), `/readyz` (it can work), `/metrics` (Prometheus text). */
export async function startOpsServer({
  address,
  metrics,
  notReady,
  pages = {},
  handlers = {},
}: OpsOptions): Promise<OpsServer> {
  const registries = [metrics].flat();
  const own = new Map(Object.entries(handlers));
  const paths = ['/healthz', '/readyz', ...Object.keys(pages), ...own.keys(), '/metrics'];
  const server = createServer((request, response) => {
    const handler = own.get(request.url?.split('?')[0] ?? '');
    if (handler) return handler(request, response);
    void answer(request.url ?? '/').then(({ status, body, type = 'text/plain; charset=utf-8' }) => {
      response.writeHead(status, { 'content-type': type }).end(body);
    });
  });
  const answer = async (path: string): Promise<{ status: number; body: string; type?: string }> => {
    const [name] = path.split('?') as [string];
    if (Object.hasOwn(pages, name))
      return { status: 200, body: json(pages[name]!()), type: 'application/json' };
    switch (name) {
      case '/healthz':
        return { status: 200, body: 'ok\n' };
      case '/readyz': {
        const reason = await notReady();
        return reason === undefined
          ? { status: 200, body: 'ready\n' }
          : { status: 503, body: `not ready: ${reason}\n` };
      }
      case '/metrics':
        try {
          return { status: 200, body: await textOf(registries), type: Registry.PROMETHEUS_CONTENT_TYPE };
        } catch (error) {
          return { status: 500, body: `metrics can't be read: ${String(error)}\n` };
        }
      default:
        return { status: 404, body: `here are ${paths.slice(0, -1).join(', ')} and ${paths.at(-1)}\n` };
    }
  };
  const { host, port } = parseAddress(address);
  await listen(server, host, port);
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

async function textOf(registries: readonly Registry[]): Promise<string> {
  return (await Promise.all(registries.map((registry) => registry.metrics()))).join('\n');
}

/** Where Node.js lets several processes share a port (`server.listen`, `reusePort`). */
const SHARING = new Set<NodeJS.Platform>(['linux', 'freebsd', 'sunos', 'aix']);

/** Listens, or rejects with the address in the message. With `reusePort` other processes may have the port as well. */
export function listen(server: Server, host: string, port: number, reusePort = false): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (why: string, cause?: Error) =>
      reject(new Error(`can't listen on ${host}:${port}: ${why}`, { cause }));
    if (reusePort && !SHARING.has(process.platform))
      return fail(
        `on ${process.platform} processes can't share a port; remove reusePort, and give each a port of its own`,
      );
    server.once('error', (cause) => fail(cause.message, cause));
    server.listen({ port, host, reusePort }, () => resolve());
  });
}
