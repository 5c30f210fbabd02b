import { parentPort, workerData } from 'node:worker_threads';
import { answerRules, type AnswerPlan } from './answer-rules.ts';
import { judgeSample, type Judged, type Sample } from './judge-sample.ts';
import { openNoise } from './noise.ts';

/** What the thread is given. */
export interface Comparison extends Sample {
  readonly id: number;
  readonly context: string;
}

export interface Answered extends Judged {
  readonly id: number;
}

// A thread of its own: a comparison may take as long as a large document does, and no client waits for it.
const contexts = new Map(
  Object.entries(workerData as Record<string, AnswerPlan>).map(([name, plan]) => [
    name,
    { rules: answerRules(plan), noise: openNoise() },
  ]),
);

parentPort!.on('message', ({ id, context, ...sample }: Comparison) => {
  const { rules, noise } = contexts.get(context)!;
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has no origin
  parentPort!.postMessage({ id, ...judgeSample(rules, noise, sample) } satisfies Answered);
});
