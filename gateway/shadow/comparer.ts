import { Worker } from 'node:worker_threads';
import type { Log } from '../../runtime/log.ts';
import type { AnswerPlan } from './answer-rules.ts';
import type { Answered, Comparison } from './compare-worker.ts';
import type { Judged, Sample } from './judge-sample.ts';

/** Compares answers in a thread of its own. */
export interface Comparer {
  /** Undefined when the thread died over it or was too slow. The bodies are taken away. Never rejects. */
  compare(context: string, sample: Sample): Promise<Judged | undefined>;
  /** How often the thread had to be started again. */
  restarts(): number;
  close(): Promise<void>;
}

export interface ComparerOptions {
  readonly plans: Readonly<Record<string, AnswerPlan>>;
  readonly log: Log;
  /** Milliseconds without a result after which the thread is ended and started again. Default 20,000. */
  readonly patience?: number;
}

/** What the thread may hold, so that a document that blows up ends it and not the gateway. In MiB. */
const HEAP = 512;

/** Starts the thread at the first comparison. It keeps no process alive. */
export function openComparer({ plans, log, patience = 20_000 }: ComparerOptions): Comparer {
  const waiting = new Map<number, (judged: Judged | undefined) => void>();
  let worker: Worker | undefined;
  let watch: NodeJS.Timeout | undefined;
  let next = 0;
  let restarts = 0;
  let closed = false;

  const settleAll = () => {
    for (const settle of waiting.values()) settle(undefined);
    waiting.clear();
  };
  /** Looks again at each result: a thread that has work and gives none is stuck. */
  const watchAgain = (thread: Worker) => {
    clearTimeout(watch);
    if (waiting.size === 0) return;
    watch = setTimeout(() => {
      log.error({ patience }, 'the thread that compares answers is stuck; it is started again');
      void thread.terminate();
    }, patience);
    watch.unref();
  };
  const start = (): Worker => {
    const file = import.meta.url.endsWith('.ts') ? './compare-worker.ts' : './compare-worker.js';
    const thread = new Worker(new URL(file, import.meta.url), {
      name: 'banyan-shadow',
      workerData: plans,
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: HEAP },
    });
    thread.unref();
    thread.on('message', ({ id, ...judged }: Answered) => {
      const settle = waiting.get(id);
      waiting.delete(id);
      watchAgain(thread);
      settle?.(judged);
    });
    thread.on('error', (err) => log.error({ err }, 'the thread that compares answers died'));
    thread.once('exit', () => {
      if (worker === thread) worker = undefined;
      clearTimeout(watch);
      settleAll();
      if (!closed) restarts += 1;
    });
    return thread;
  };

  return {
    compare(context, sample) {
      if (closed) return Promise.resolve(undefined);
      worker ??= start();
      const id = next++;
      const { monolith, extracted, repeated } = sample;
      const bodies = [monolith, extracted, ...(repeated ? [repeated] : [])].map(
        ({ body }) => body.buffer as ArrayBuffer,
      );
      return new Promise((resolve) => {
        waiting.set(id, resolve);
        if (waiting.size === 1) watchAgain(worker!);
        worker!.postMessage({ id, context, ...sample } satisfies Comparison, bodies);
      });
    },
    restarts: () => restarts,
    async close() {
      closed = true;
      clearTimeout(watch);
      await worker?.terminate();
      settleAll();
    },
  };
}
