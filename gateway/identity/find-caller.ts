import type { IncomingMessage } from 'node:http';
import { compileChangedBy, type Config } from '../../contexts/index.ts';
import type { Log } from '../../runtime/log.ts';
import type { Trust } from '../client-address.ts';
import { hostFor } from '../forwarding/answer-rules.ts';
import { openAsker } from './ask-monolith.ts';
import { callerIn, NOBODY, type Caller } from './caller.ts';
import { credentialReader } from './credentials.ts';
import type { SessionHints } from './hints.ts';
import type { IdentityMetrics } from './metrics.ts';
import type { Sessions } from './sessions.ts';
import { questionOf } from './who-asks.ts';

/** Finds out who is calling. */
export interface CallerFinder {
  /** Never rejects. */
  find(request: IncomingMessage): Promise<Caller>;
  /** An answer to such a request sets this cookie. */
  cookieSet(setCookie: string, headers: IncomingMessage['headers']): void;
  /** What to call when the request is over, where its session may be another's then; undefined for any other request. */
  changes(request: IncomingMessage): (() => void) | undefined;
  close(): void;
}

export interface FinderOptions {
  readonly trust: Trust;
  readonly sessions: Sessions;
  readonly hints: SessionHints;
  readonly metrics: IdentityMetrics;
  readonly log: Log;
}

/** Asks the monolith itself, once for all requests of a session that come together, and for those that come soon. */
export function askingFinder(config: Config, options: FinderOptions): CallerFinder {
  const { trust, sessions, hints, metrics } = options;
  const identity = config.gateway.identity!;
  const monolith = config.upstreams[config.monolith]!;
  const { path, cache, timeout, concurrency } = identity;
  const reader = credentialReader(identity);
  const changedBy = compileChangedBy(identity.changedBy);
  const asker = openAsker({ url: monolith.url, tls: monolith.tls, path, timeout, concurrency });
  const asked = { trust, host: hostFor(monolith) };
  /** What is known outlives a configuration; it counts for the same question alone. */
  const place = `${monolith.url}\n${path}\n`;
  const telling = tellFailures(options.log, path);
  return {
    async find(request) {
      const credentials = reader.of(request.headers);
      if (!credentials) return NOBODY;
      const question = questionOf(request, credentials, asked);
      const found = sessions.of(credentials.session, place + question.variant, cache, async () => {
        const caller = await asker.ask(question.fields());
        metrics.asked(caller);
        telling(caller);
        return caller;
      });
      if (!found.asked) metrics.knew();
      return found.caller;
    },
    cookieSet(setCookie, headers) {
      if (!reader.isChanged(setCookie, headers)) return;
      const session = reader.of(headers)?.session;
      if (session === undefined) return;
      sessions.forget(session);
      hints.tell(session);
      metrics.forgot();
    },
    changes({ method, url, headers }) {
      if (!changedBy || !changedBy(method!, url!)) return undefined;
      const session = reader.of(headers)?.session;
      if (session === undefined) return undefined;
      const over = sessions.begin(session);
      return () => {
        over();
        hints.tell(session);
        metrics.forgot();
      };
    },
    close: asker.close,
  };
}

/** Asks the process that the gateway is part of, for every request: there is nothing to forget at a log-out. */
export function knowingFinder(
  identify: (request: IncomingMessage) => unknown,
  { metrics, log }: Pick<FinderOptions, 'metrics' | 'log'>,
): CallerFinder {
  const telling = tellFailures(log, 'identify');
  return {
    async find(request) {
      let caller: Caller;
      try {
        const said = await identify(request);
        caller = said === undefined || said === null ? NOBODY : callerIn(said);
      } catch (error) {
        caller = { kind: 'failed', how: 'wrong', why: (error as Error).message };
      }
      metrics.asked(caller);
      telling(caller);
      return caller;
    },
    cookieSet() {},
    changes: () => undefined,
    close() {},
  };
}

/** Milliseconds in which the same kind of failure is told once. */
const QUIET = 10_000;

function tellFailures(log: Log, place: string): (caller: Caller) => void {
  const last = new Map<string, number>();
  return (caller) => {
    if (caller.kind !== 'failed') return;
    const now = performance.now();
    if (now - (last.get(caller.how) ?? -Infinity) < QUIET) return;
    last.set(caller.how, now);
    const facts = { path: place, how: caller.how, reason: caller.why };
    log.warn(facts, 'the monolith doesn’t say who is calling; extracted services are not asked meanwhile');
  };
}
