import { createHash } from 'node:crypto';
import type { Call, Fault, Taken } from '../support/kinesis-proxy.ts';
import { between, seeded } from './seeded.ts';

/** What goes wrong between relays and stream, request by request. */
export interface Weather {
  fault(call: Call): Fault | undefined;
  taken(taken: Taken): void;
  /** From now on the keys of a quarter of all hashes, from this share of them on, are throttled; undefined ends it. */
  throttle(from: number | undefined): void;
  /** From now on all is well. */
  clear(): void;
  readonly partialFailures: number;
  readonly lostAnswers: number;
  /** Requests with two records of one key, which a partial failure could invert. */
  readonly twoOfAKey: number;
}

/**
 * About one request in five meets something. What the next one meets depends on its place alone, not on what those before
 * it carried: relays don't take the same time twice. `requestTimeout` is the relays', in milliseconds.
 */
export function badWeather(seed: number, requestTimeout: number): Weather {
  let [clear, puts, partialFailures, lostAnswers, twoOfAKey] = [false, 0, 0, 0, 0];
  let throttled: number | undefined;
  const inThrottled = (key: string) => {
    if (throttled === undefined) return false;
    const share = createHash('md5').update(key).digest().readUInt32BE() / 2 ** 32;
    return (share - throttled + 1) % 1 < 0.25;
  };
  const failing = (random: () => number, likelihood: number, code?: string): Fault => ({
    kind: 'fail-records',
    which: ({ key }) => inThrottled(key) || random() < likelihood,
    ...(code !== undefined && { code }),
  });
  function drawn(random: () => number): Fault | undefined {
    const draw = random();
    if (draw < 0.03) return { kind: 'throttle' };
    if (draw < 0.12) return failing(random, 0.4);
    if (draw < 0.15) return failing(random, 0.4, 'InternalFailure');
    if (draw < 0.17) return { kind: 'drop-answer' };
    if (draw < 0.18) return { kind: 'cut' };
    // Answered in time; else written after the relay has given it up.
    if (draw < 0.195) return { kind: 'delay', milliseconds: between(random, 50, requestTimeout * 0.8) };
    if (draw < 0.2) return { kind: 'delay', milliseconds: requestTimeout * 1.4 };
    if (draw < 0.21) return { kind: 'error', type: 'InternalFailure', status: 500 };
    if (draw < 0.215) return { kind: 'hang' };
    return undefined;
  }
  return {
    fault({ operation, records }) {
      if (new Set(records.map(({ key }) => key)).size < records.length) twoOfAKey += 1;
      if (clear || operation !== 'PutRecords') return undefined;
      const random = seeded(seed, `weather ${puts++}`);
      return drawn(random) ?? (throttled === undefined ? undefined : failing(random, 0));
    },
    taken({ fault, answerLost, records, sequenceNumbers: { length: taken } }) {
      if (taken === 0) return;
      if (fault?.kind === 'fail-records' && taken < records) partialFailures += 1;
      if (answerLost) lostAnswers += 1;
    },
    throttle: (from) => void (throttled = from),
    clear: () => void (clear = true),
    get partialFailures() {
      return partialFailures;
    },
    get twoOfAKey() {
      return twoOfAKey;
    },
    get lostAnswers() {
      return lostAnswers;
    },
  };
}
