import { readFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { protectionOf, type Config } from '../contexts/index.ts';
import type { Log } from '../runtime/log.ts';
import type { Trust } from './client-address.ts';
import { answerRules, hostFor } from './forwarding/answer-rules.ts';
import type { Forwarder } from './forwarding/forwarder.ts';
import { openUpgrader, type Upgrader } from './forwarding/upgrader.ts';
import { openUpstreams } from './forwarding/upstreams.ts';
import type { GatewayMetrics } from './metrics.ts';
import { seeBreak, traceOf } from './seeing/seeing.ts';
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
  /** Sees every `Set-Cookie` of an answer before the client does, with the fields of the request. */
  readonly onSetCookie: (value: string, asked: IncomingHttpHeaders) => void;
}

/** What a lane is opened with; with the content of the files that it names, so that a new certificate is a new lane. */
export function laneKey({ upstreams, monolith }: Config, name: string): string {
  const written = upstreams[name]!;
  const { ca, cert, key } = written.tls ?? {};
  const files = [ca, cert, key].map((file) => file && readFileSync(file, 'utf8'));
  return JSON.stringify([written, name === monolith, files]);
}

export function openLane(
  config: Config,
  name: string,
  trust: Trust,
  { metrics, log, onSetCookie }: LaneOptions,
): Lane {
  const written = config.upstreams[name]!;
  const alone = { ...config, upstreams: { [name]: written } };
  const key = laneKey(config, name);
  const guards = openGuards(alone, log);
  const guard = guards.get(name);
  const forwarder = openUpstreams(alone, trust, {
    mayRetry() {
      const again = guard?.mayRetry() ?? true;
      if (again) metrics.retried(name);
      return again;
    },
    onConnect: (upstream, milliseconds) => metrics.connected(upstream, milliseconds / 1_000),
    onSetCookie,
  }).get(name)!;
  const { timeout, connectTimeout } = protectionOf(written, name === config.monolith);
  const { url, tls } = written;
  const rules = { trust, host: hostFor(written) };
  const answers = answerRules(written, onSetCookie);
  const options = { url, tls, timeout, connectTimeout, rules, answers };
  const upgrader = openUpgrader(options, (request, { side, cause }) => {
    const phase = 'body';
    metrics.failed(name, { side, phase });
    seeBreak(request, { side, phase, cause });
    const what = side === 'client' ? 'the client went away' : 'a WebSocket broke';
    const trace = traceOf(request);
    const { method } = request;
    log.warn(
      { upstream: name, side, phase, ...(trace === undefined ? {} : { trace }), method, err: cause },
      what,
    );
  });
  return { forwarder, upgrader, guards, key, users: 0 };
}
