import type { IncomingMessage } from 'node:http';
import type { Decision, ShadowOutcome } from '../../contexts/index.ts';
import type { Copy } from '../forwarding/copy-sender.ts';
import type { AnswerObserver } from '../forwarding/forwarder.ts';
import type { Identified, Identity } from '../identity/identity.ts';
import type { Budget } from './budget.ts';
import { openCapture, type Capture, type CaptureEnd } from './capture.ts';
import type { Comparer } from './comparer.ts';
import type { Drop } from './copy-queue.ts';
import { exampleOf, shownTarget } from './examples.ts';
import type { Destination, ShadowedContext } from './shadowed-context.ts';

export interface Shared {
  readonly budget: Budget;
  readonly comparer: Comparer;
  readonly identity: () => Identity | undefined;
}

/**
 * Follows one sampled read: keeps the monolith's answer as it passes, sends a copy to the extracted service once that
 * answer has begun, and to the monolith again once it has ended where the route allows it, has all of them compared, and
 * counts what became of it, once. Returns what has to see the monolith's answer.
 */
export function shadowRead(
  { budget, comparer, identity }: Shared,
  shadowed: ShadowedContext,
  decision: Decision,
  request: IncomingMessage,
  inProcess: boolean,
): AnswerObserver {
  const { config } = shadowed;
  const route = decision.route!;
  const method = request.method!;
  // A router of the monolith may change it on the way.
  const asked = request.url!;
  const who = inProcess ? shadowed.who(decision, request) : undefined;
  const { path, edits } = decision.shadow!;
  const began = performance.now();
  const stops: (() => void)[] = [];
  let over = false;

  const settle = (outcome: ShadowOutcome, drop?: Drop): void => {
    if (over) return;
    over = true;
    for (const capture of [own, copied, repeated]) capture?.free();
    for (const stop of stops) stop();
    shadowed.count(route, outcome, drop);
  };

  const capture = (
    broken: ShadowOutcome,
    onWhole: () => void,
    onHead?: Head,
  ): Capture & { whole: boolean } => {
    const onEnd = (how: CaptureEnd) => {
      if (how === 'whole') {
        captured.whole = true;
        onWhole();
      } else if (how === 'no-room') settle('dropped', 'room');
      else settle(how === 'truncated' ? 'truncated' : broken);
    };
    const captured = Object.assign(openCapture({ method, limit: config.maxBody, budget, onHead, onEnd }), {
      whole: false,
    });
    return captured;
  };

  const sendTo = ({ queue, sender }: Destination, copy: Copy, into: Capture, identifies = false): void => {
    const send = (copy: Copy, done: Done): void => {
      if (over) return done(undefined);
      stops.push(
        sender.send(copy, {
          head: into.head,
          data: into.data,
          end(complete) {
            // What was broken off here says nothing about the upstream.
            done(complete || !over ? complete : undefined);
            into.end(complete);
          },
        }),
      );
    };
    const sendTold = async (copy: Copy, asking: Promise<Identified>, done: Done): Promise<void> => {
      const found = await asking;
      if ('decision' in found) return send({ ...copy, edits: found.decision.edits }, done);
      done(undefined);
      // Where the gateway itself answers nobody, the service wouldn't have been asked.
      if ('answer' in found) settle('skipped');
      else settle('dropped', 'identity');
    };
    queue.offer({
      drop: (why) => settle('dropped', why),
      send(done) {
        const asking = identifies && !over ? identity()?.identifyCopy(decision, request) : undefined;
        if (asking) void sendTold(copy, asking, done);
        else send(copy, done);
      },
    });
  };

  const compareWhenWhole = (): void => {
    if (over || !own.whole || !copied.whole || repeated?.whole === false) return;
    const lagging = shadowed.writes.since(who ?? shadowed.who(decision, request), began - config.maxLag);
    const sample = {
      route,
      monolith: own.answer()!,
      extracted: copied.answer()!,
      repeated: repeated?.answer(),
    };
    void comparer.compare(shadowed.context, sample).then((judged) => {
      if (!judged) return settle('dropped', 'thread');
      if (judged.outcome !== 'mismatch') return settle(judged.outcome);
      if (lagging) return settle('lag');
      const target = shownTarget(asked, route, config.personal);
      shadowed.examples.add(route, exampleOf(method, target, judged.differences));
      settle('mismatch');
    });
  };

  const copied = capture('error', compareWhenWhole);
  const repeats = !inProcess && shadowed.repeatable.has(route);
  const repeated = repeats ? capture('unstable', compareWhenWhole) : undefined;
  const own = capture(
    'skipped',
    () => {
      // Only now: the first request may have held a lock that the second one needs.
      if (repeated && !over) sendTo(shadowed.again, { request, path: decision.path ?? asked }, repeated);
      compareWhenWhole();
    },
    (status, fields) => {
      if (isReference(status, fields))
        sendTo(shadowed.extracted, { request, path: path ?? asked, edits }, copied, true);
      else settle('skipped');
    },
  );
  return own;
}

type Done = (answered: boolean | undefined) => void;
type Head = (status: number, fields: readonly string[]) => void;

/** Whether the request asks for something that two systems can be expected to answer alike. */
export function isComparable({ method, headers }: IncomingMessage): boolean {
  return (
    (method === 'GET' || method === 'HEAD') &&
    headers['content-length'] === undefined &&
    headers['transfer-encoding'] === undefined &&
    headers.expect === undefined &&
    // Validators are each system's own.
    headers['if-none-match'] === undefined &&
    headers['if-modified-since'] === undefined &&
    headers['if-match'] === undefined &&
    headers['if-unmodified-since'] === undefined &&
    headers.range === undefined
  );
}

/** An answer that failed, or never ends, is nothing to compare with. */
function isReference(status: number, fields: readonly string[]): boolean {
  if (status >= 500) return false;
  for (let index = 0; index < fields.length; index += 2)
    if (fields[index]!.toLowerCase() === 'content-type' && /^text\/event-stream\b/i.test(fields[index + 1]!))
      return false;
  return true;
}
