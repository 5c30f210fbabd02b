import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Config, Decision, ShadowErased, ShadowPage, Snapshot } from '../../contexts/index.ts';
import type { Log } from '../../runtime/log.ts';
import type { Trust } from '../client-address.ts';
import type { AnswerObserver } from '../forwarding/forwarder.ts';
import type { Identity } from '../identity/identity.ts';
import { openBudget } from './budget.ts';
import { openComparer } from './comparer.ts';
import { findingsOf, type Findings } from './findings.ts';
import { openShadowedContext, type ShadowedContext } from './shadowed-context.ts';
import { planAnswers } from './plan-answers.ts';
import type { ShadowState } from './shadow-metrics.ts';
import { isComparable, shadowRead } from './shadow-read.ts';

/** Asks extracted services what the monolith has answered, and compares. The client never waits for any of it. */
export interface Shadowing {
  /**
   * What has to see the monolith's answer to this read, when it is sampled. The decision has a `shadow`. `inProcess`: the
   * monolith is this process, and can't be asked a second time.
   */
  read(decision: Decision, request: IncomingMessage, inProcess?: boolean): AnswerObserver | undefined;
  /** Remembers a write where the context's reads are in shadow. Returns what to call when it is over. */
  write(snapshot: Snapshot, decision: Decision, request: IncomingMessage): (() => void) | undefined;
  /** What was found out of a context, for the shadowing of the next configuration. */
  findings(context: string): Findings | undefined;
  /** What this gateway found out, for each context of the config. */
  report(): ShadowPage;
  /** Forgets the examples of all contexts, or of those named, and keeps what was counted. */
  eraseExamples(only?: readonly string[]): ShadowErased;
  /** For its metrics. */
  state(): ShadowState;
  close(): Promise<void>;
}

/** Bytes that all answers under comparison may hold together. */
const ROOM = 64 * 1024 * 1024;

export function openShadowing(
  config: Config,
  {
    name,
    log,
    trust,
    identity = () => undefined,
    before,
  }: {
    /** How the gateway is named. */
    readonly name: string;
    readonly log: Log;
    readonly trust: Trust;
    /** Tells the service of a copy who is calling, as it is told of requests. */
    readonly identity?: () => Identity | undefined;
    /** That of another configuration, whose findings go on where nothing has changed for a context. */
    readonly before?: Shadowing | undefined;
  },
): Shadowing {
  const { upstreams, monolith } = config;
  const contexts = new Map<string, ShadowedContext>(
    Object.entries(config.contexts).map(([context, written]) => [
      context,
      openShadowedContext(context, written, {
        upstreams: { extracted: upstreams[written.upstream]!, monolith: upstreams[monolith]! },
        trust,
        findings: findingsOf(config, context, before?.findings(context)),
      }),
    ]),
  );
  const plans = Object.fromEntries(
    Object.entries(config.contexts).map(([context, { shadow }]) => [context, planAnswers(shadow)]),
  );
  const shared = { budget: openBudget(ROOM), comparer: openComparer({ plans, log }), identity };
  const instance = randomUUID();
  return {
    read(decision, request, inProcess = false) {
      // Decided by a snapshot of another configuration: a reload may have come between.
      const shadowed = contexts.get(decision.context!);
      if (!shadowed || Math.random() >= shadowed.config.sample) return undefined;
      const route = decision.route!;
      if (shadowed.extracted.queue.paused()) return void shadowed.count(route, 'dropped', 'paused');
      if (!isComparable(request)) return void shadowed.count(route, 'skipped');
      return shadowRead(shared, shadowed, decision, request, inProcess);
    },
    write({ contexts: inForce }, decision, request) {
      if (inForce.get(decision.context!)?.stages.reads.stage !== 'shadow') return undefined;
      const shadowed = contexts.get(decision.context!);
      if (!shadowed) return undefined;
      const who = shadowed.who(decision, request);
      shadowed.writes.begin(who);
      return () => shadowed.writes.end(who);
    },
    findings: (context) => contexts.get(context)?.findings,
    report: () => ({
      gateway: name,
      instance,
      contexts: [...contexts.values()].map((shadowed) => shadowed.report()),
    }),
    eraseExamples(only) {
      const erased = [...contexts.values()]
        .filter(({ context }) => only?.includes(context) ?? true)
        .map(({ context, examples }) => [context, examples.clear()] as const);
      return {
        ...{ gateway: name, instance, contexts: Object.fromEntries(erased) },
        examples: erased.reduce((sum, [, count]) => sum + count, 0),
      };
    },
    state: () => ({ contexts, ...shared }),
    async close() {
      await Promise.all([...contexts.values()].map((shadowed) => shadowed.close()));
      await shared.comparer.close();
    },
  };
}
