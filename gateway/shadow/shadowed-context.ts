import {
  judgeShadow,
  reportShadow,
  type Config,
  type ContextConfig,
  type ShadowConfig,
  type ShadowOutcome,
  type ShadowReport,
} from '../../contexts/index.ts';
import { clientAddress, type Trust } from '../client-address.ts';
import { answerRules, hostFor } from '../forwarding/answer-rules.ts';
import { openCopySender, type CopySender } from '../forwarding/copy-sender.ts';
import { openCopyQueue, type CopyQueue, type Drop } from './copy-queue.ts';
import type { Examples } from './examples.ts';
import type { Findings } from './findings.ts';
import type { RecentWrites } from './recent-writes.ts';
import { whoAsks, type Who } from './who.ts';

/** Somewhere that copies go to. */
export interface Destination {
  readonly queue: CopyQueue;
  readonly sender: CopySender;
}

/** Everything about shadowing that one context has for itself, so that none can get in another's way. */
export interface ShadowedContext {
  readonly context: string;
  readonly config: ShadowConfig;
  readonly findings: Findings;
  readonly who: Who;
  readonly extracted: Destination;
  /** The monolith, where it is asked a second time. */
  readonly again: Destination;
  readonly writes: RecentWrites;
  readonly repeatable: ReadonlySet<string>;
  readonly examples: Examples;
  /** Outcomes and drops since the start. */
  readonly totals: Readonly<Record<ShadowOutcome, number>>;
  readonly drops: Readonly<Record<Drop, number>>;
  count(route: string, outcome: ShadowOutcome, drop?: Drop): void;
  report(): ShadowReport;
  close(): Promise<void>;
}

type Upstream = Config['upstreams'][string];

/** Second requests that the monolith has to bear at once. */
const AGAIN = 2;

export function openShadowedContext(
  context: string,
  { shadow: config, routes, cohort }: ContextConfig,
  {
    upstreams,
    trust,
    findings,
  }: {
    readonly upstreams: { readonly extracted: Upstream; readonly monolith: Upstream };
    readonly trust: Trust;
    readonly findings: Findings;
  },
): ShadowedContext {
  const { queue, concurrency, timeout } = config;
  const destination = (upstream: Upstream, connections: number): Destination => ({
    queue: openCopyQueue({ queue, concurrency: connections, timeout }),
    sender: openCopySender({
      url: upstream.url,
      tls: upstream.tls,
      timeout,
      connections,
      rules: { trust, host: hostFor(upstream) },
      answers: answerRules(upstream),
    }),
  });
  const extracted = destination(upstreams.extracted, concurrency);
  const again = destination(upstreams.monolith, Math.min(AGAIN, concurrency));
  const { tallies, examples, writes, totals, drops } = findings;
  return {
    who: whoAsks({ cohort, routes }, (request) => clientAddress(trust, request)),
    ...{ context, config, extracted, again, examples, totals, drops },
    ...{ findings, writes },
    repeatable: new Set(routes.filter(({ repeatable }) => repeatable).map(({ match }) => match)),
    count(route, outcome, drop) {
      totals[outcome] += 1;
      if (drop) drops[drop] += 1;
      tallies.get(route)?.add(outcome);
    },
    report() {
      const judged = [...tallies].map(([route, tally]) => {
        const counts = tally.counts();
        return { route, ...judgeShadow(counts, config), counts, examples: examples.of(route) };
      });
      return reportShadow(context, config, judged);
    },
    async close() {
      for (const { queue: copies } of [extracted, again]) copies.close();
      await Promise.all([extracted, again].map(({ sender }) => sender.close()));
    },
  };
}
