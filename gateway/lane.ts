import { readFileSync } from 'node:fs';
import { protectionOf, type Config } from '../contexts/index.ts';
import type { Log } from '../runtime/log.ts';
import type { Trust } from './client-address.ts';
import { answerRules, hostFor } from './forwarding/answer-rules.ts';
import type { Forwarder } from './forwarding/forwarder.ts';
import { openUpgrader, type Upgrader } from './forwarding/upgrader.ts';
import { openUpstreams } from './forwarding/upstreams.ts';
import type { GatewayMetrics } from './metrics.ts';
import { openGuards, type Guards } from './protection/open-guards.ts';

/** The way to one upstream: its connections, and what is known of how it fares. */
export interface Lane {
  readonly forwarder: Forwarder;
  readonly upgrader: Upgrader;
  readonly guards: Guards;
  /** Two lanes of one key are alike: one goes on where the configuration hasn't changed for it. */
  readonly key: string;
  /** How many configurations under way use it. */
  users: number;
}

export interface LaneOptions {
  readonly metrics: GatewayMetrics;
  readonly log: Log;
}

/** What a lane is opened with; with the content of the files that it names, so that a new certificate is a new lane. */
export function laneKey({ upstreams, monolith }: Config, name: string): string {
  const written = upstreams[name]!;
  const { ca, cert, key } = written.tls ?? {};
  const files = [ca, cert, key].map((file) => file && readFileSync(file, 'utf8'));
  return JSON.stringify([written, name === monolith, files]);
}

export function openLane(config: Config, name: string, trust: Trust, { metrics, log }: LaneOptions): Lane {
  const written = config.upstreams[name]!;
  const alone = { ...config, upstreams: { [name]: written } };
  const key = laneKey(config, name);
  const guards = openGuards(alone, log);
  const guard = guards.get(name);
  const forwarder = openUpstreams(alone, trust, () => {
    const again = guard?.mayRetry() ?? true;
    if (again) metrics.retried(name);
    return again;
  }).get(name)!;
  const { timeout } = protectionOf(written, name === config.monolith);
  const { url, tls } = written;
  const rules = { trust, host: hostFor(written) };
  const answers = answerRules(written);
  const upgrader = openUpgrader(
    { url, tls, timeout, rules, answers },
    (request, { side, late, open, cause }) => {
      const phase = open ? 'body' : 'head';
      metrics.failed(name, { side, phase });
      const what =
        side === 'client'
          ? 'the client went away'
          : open
            ? 'a WebSocket broke'
            : late
              ? 'the upstream is too slow'
              : 'the upstream failed';
      log.warn({ upstream: name, side, phase, method: request.method, err: cause }, what);
    },
  );
  return { forwarder, upgrader, guards, key, users: 0 };
}
