import { compareQuantiles } from '../compare-quantiles.ts';
import { quantileOf, type Quantile } from '../durations.ts';
import type { Traffic, TrafficWindows } from '../traffic.ts';
import type { VerdictThresholds } from '../verdict-config.ts';
import type { Criterion } from './criterion.ts';
import { time } from './spell.ts';
import { judgeWindows, missing, neededFor, type Judged, type Pair } from './windowed.ts';

type Limits = Pick<VerdictThresholds, 'latency' | 'slack' | 'p95' | 'p99' | 'minSamples'>;

const QUANTILES = { p95: 0.95, p99: 0.99 } as const;

/**
 * How long the service's requests take beside the monolith's own at the same time. *go* when that is surely no more than
 * allowed, as a multiple or as a difference; *no-go* when it surely is more by both. Without the monolith's it is judged
 * by a limit of its own, where there is one.
 */
export function judgeLatency(
  kind: 'read' | 'write',
  name: keyof typeof QUANTILES,
  { service, monolith }: { service: TrafficWindows; monolith: TrafficWindows | undefined },
  limits: Limits,
): Criterion {
  const { latency, slack, [name]: most } = limits;
  const judge = (pair: Pair) =>
    monolith ? judgeBeside(kind, name, pair, limits) : judgeAlone(kind, name, pair.service, limits);
  const { worse: _, ...told } = judgeWindows(service, monolith, kind, judge);
  if (monolith) return { name: `${kind} ${name}`, ...told, required: `≤ ${latency}× or +${time(slack)}` };
  if (most !== undefined) return { name: `${kind} ${name}`, ...told, required: `≤ ${time(most)}` };
  const why = 'the monolith has none of these requests to compare with, and `verdict` has no limit';
  return { name: `${kind} ${name}`, ...told, outcome: 'none', why, required: '–' };
}

/** Beside a limit, which without one is endless. */
function judgeAlone(
  kind: string,
  name: keyof typeof QUANTILES,
  service: Traffic,
  { [name]: most = Infinity, minSamples }: Limits,
): Judged {
  const own = quantileOf(service.buckets, QUANTILES[name]);
  const limit = most / 1_000;
  const told = {
    reading: own ? spread(own) : `no ${kind}s yet`,
    figures: { requests: answers(service), ...figuresOf(name, own) },
    worse: own !== undefined && own.value > limit,
  };
  if (!own || answers(service) < minSamples)
    return {
      ...told,
      outcome: 'unknown',
      why: `${answers(service)} of ${minSamples} ${kind}s that it takes`,
    };
  if (own.lower > limit)
    return { ...told, outcome: 'no-go', why: `${spread(own)}; allowed are ${time(most)}` };
  if (own.upper <= limit) return { ...told, outcome: 'go', why: spread(own) };
  const needed = neededFor({ service, monolith: undefined }, (grown) => {
    const { lower, upper } = quantileOf(grown.service.buckets, QUANTILES[name])!;
    return lower > limit || upper <= limit;
  });
  return {
    ...told,
    outcome: 'unknown',
    why: `${spread(own)}: ${missing(answers(service), needed, kind)}`,
  };
}

function judgeBeside(kind: string, name: keyof typeof QUANTILES, pair: Pair, limits: Limits): Judged {
  const { service, monolith } = pair;
  const own = quantileOf(service.buckets, QUANTILES[name]);
  const other = monolith && quantileOf(monolith.buckets, QUANTILES[name]);
  const told = {
    reading: own
      ? `${spread(own)}${monolith ? `; monolith ${other ? time(other.value * 1_000) : 'unknown'}` : ''}`
      : `no ${kind}s yet`,
    figures: {
      ...{ requests: answers(service), ...figuresOf(name, own) },
      ...(monolith
        ? { monolithRequests: answers(monolith), ...figuresOf(`monolith${name.toUpperCase()}`, other) }
        : {}),
    },
  };
  if (!own || !other) {
    const whose = own ? ' of the monolith' : '';
    const why = `0 of ${limits.minSamples} ${kind}s${whose} that it takes`;
    return { ...told, outcome: 'unknown', why, worse: false };
  }
  const { ratio, difference } = compareQuantiles(own, other);
  const range = `${times(ratio.lower)} to ${times(ratio.upper)} times the monolith’s`;
  const worse = own.value > other.value * limits.latency && own.value - other.value > limits.slack / 1_000;
  const all = { ...told, worse };
  const few = [service, monolith].find((one) => answers(one) < limits.minSamples);
  if (few) {
    const whose = few === service ? '' : ' of the monolith';
    return {
      ...all,
      outcome: 'unknown',
      why: `${answers(few)} of ${limits.minSamples} ${kind}s${whose} that it takes`,
    };
  }
  if (isSlower({ ratio, difference }, limits))
    return { ...all, outcome: 'no-go', why: `${range}; allowed are ${limits.latency}` };
  if (isAllowed({ ratio, difference }, limits)) return { ...all, outcome: 'go', why: range };
  const needed = neededFor(pair, (grown) => {
    const [a, b] = [grown.service, grown.monolith!].map(({ buckets }) =>
      quantileOf(buckets, QUANTILES[name])!,
    );
    const compared = compareQuantiles(a!, b!);
    return isSlower(compared, limits) || isAllowed(compared, limits);
  });
  return { ...all, outcome: 'unknown', why: `${range}: ${missing(answers(service), needed, kind)}` };
}

type Compared = ReturnType<typeof compareQuantiles>;

const isSlower = ({ ratio, difference }: Compared, { latency, slack }: Limits) =>
  ratio.lower > latency && difference.lower > slack / 1_000;
const isAllowed = ({ ratio, difference }: Compared, { latency, slack }: Limits) =>
  ratio.upper <= latency || difference.upper <= slack / 1_000;

const answers = ({ buckets }: Traffic) => buckets.reduce((sum, one) => sum + one, 0);
const times = (ratio: number) =>
  ratio === Infinity ? 'any number of' : String(Math.round(ratio * 100) / 100);

/** `18 ms (13.5 to 25 ms)`: the value, and between what it lies. */
function spread({ value, lower, upper }: Quantile): string {
  const [begin, end] = [time(lower * 1_000), upper === Infinity ? '?' : time(upper * 1_000)];
  const unit = end.split(' ')[1];
  return `${time(value * 1_000)} (${unit && begin.endsWith(` ${unit}`) ? begin.split(' ')[0] : begin} to ${end})`;
}

function figuresOf(name: string, quantile: Quantile | undefined): Record<string, number | null> {
  const milliseconds = (seconds: number | undefined) =>
    seconds === undefined || seconds === Infinity ? null : Math.round(seconds * 1e6) / 1e3;
  return {
    [`${name}Ms`]: milliseconds(quantile?.value),
    [`${name}LowerMs`]: milliseconds(quantile?.lower),
    [`${name}UpperMs`]: milliseconds(quantile?.upper),
  };
}
