import type { IncomingMessage } from 'node:http';
import type { Decision, Doubt } from '../contexts/index.ts';
import type { Log } from '../runtime/log.ts';
import type { GatewayMetrics } from './metrics.ts';

/** Milliseconds in which doubts of one kind and context make one line of the log, however many there are. */
const QUIET = 60_000;
/** Characters of a target that the log shows. */
const SHOWN = 200;

/** Tells of a doubtful target: counts each, and logs the first of a minute for each kind and context. */
export type TellDoubt = (decision: Decision, doubt: Doubt, request: IncomingMessage) => void;

export function openDoubts(
  { metrics, log }: { readonly metrics: GatewayMetrics; readonly log: Log },
  now: () => number = () => performance.now(),
): TellDoubt {
  const told = new Map<string, { at: number; since: number }>();
  return ({ answer, revision }, { kind, context, words }, { method, url, socket }) => {
    const outcome = answer ? 'refused' : 'monolith';
    metrics.doubted({ context, doubt: kind, outcome });
    const key = `${context} ${kind} ${outcome}`;
    const last = told.get(key);
    if (last && now() - last.at < QUIET) return void (last.since += 1);
    told.set(key, { at: now(), since: 0 });
    const [path = ''] = url!.split('?', 1);
    const facts = { context, doubt: kind, reason: words, revision, method, path: path.slice(0, SHOWN) };
    const more = last && last.since > 0 ? { more: last.since } : {};
    log.warn(
      { ...facts, client: socket.remoteAddress, ...more },
      answer ? 'a doubtful target is refused' : 'a doubtful target goes to the monolith',
    );
  };
}
