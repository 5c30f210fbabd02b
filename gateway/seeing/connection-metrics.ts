import type { Server } from 'node:net';
import { Gauge, Histogram, type Registry } from 'prom-client';
import type { Forwarder } from '../forwarding/forwarder.ts';

/** Seconds: one host, one data centre, the next one, a lost SYN. */
const BOUNDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

/** How long it took to make connections; their number is how many were made. */
export function connectTimes(registry: Registry): (upstream: string, seconds: number) => void {
  const times = new Histogram({
    name: 'banyan_gateway_connect_seconds',
    help: 'Making a connection to an upstream, with TLS where it has that.',
    labelNames: ['upstream'] as const,
    buckets: BOUNDS,
    registers: [registry],
  });
  return (upstream, seconds) => times.observe({ upstream }, seconds);
}

/** The connections to each upstream as they are at the moment of the scrape. */
export function connectionMetrics(
  registry: Registry,
  upstreams: () => ReadonlyMap<string, Pick<Forwarder, 'connections'>>,
): void {
  const registers = [registry];
  new Gauge({
    name: 'banyan_gateway_connections',
    help: 'Connections to an upstream that are open: busy with a request, or idle. WebSockets are apart.',
    labelNames: ['upstream', 'state'] as const,
    registers,
    collect() {
      // A reload may have taken one away.
      this.reset();
      for (const [upstream, forwarder] of upstreams()) {
        const { open, busy } = forwarder.connections();
        this.set({ upstream, state: 'busy' }, busy);
        this.set({ upstream, state: 'idle' }, Math.max(0, open - busy));
      }
    },
  });
  new Gauge({
    name: 'banyan_gateway_connections_waiting',
    help: 'Requests that wait for a connection to their upstream.',
    labelNames: ['upstream'] as const,
    registers,
    collect() {
      this.reset();
      for (const [upstream, forwarder] of upstreams())
        this.set({ upstream }, forwarder.connections().waiting);
    },
  });
}

/** The connections of clients, WebSockets among them. */
export function clientConnections(registry: Registry, server: Server): void {
  new Gauge({
    name: 'banyan_gateway_client_connections',
    help: 'Connections of clients that are open, WebSockets among them.',
    registers: [registry],
    async collect() {
      const open = await new Promise<number>((resolve) =>
        server.getConnections((error, count) => resolve(error ? 0 : count)),
      );
      this.set(open);
    },
  });
}
