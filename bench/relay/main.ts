// How fast the relay is, beside what one would put in its place: `npm run bench:relay -- [--rounds 3] [--events 100000]
// [--keys 5000] [--history 5000000] [--seconds 10] [--minute 60] [--only <parts>] [--database <url>] [--check]
// [--profile <folder>] [--json]`. It starts and stops every server that it uses. docs/performance.md has a run.
import { parseArgs } from 'node:util';
import { spread } from '../gateway/ratios.ts';
import { heldUp, openHistory, purged } from './history.ts';
import { idle, type Idle } from './idle.ts';
import { latency, type Latency } from './latency.ts';
import { ratioOf, rowsOf } from './ratios.ts';
import { line, table } from './report.ts';
import { openRig, type Rig } from './rig.ts';
import { shardLimit, type ShardLimit } from './shard-limit.ts';
import { throughput, type Backlog, type Sample } from './throughput.ts';

const PARTS = ['backlog', 'relays', 'slow', 'hot', 'history', 'latency', 'idle', 'shards'] as const;
const { values } = parseArgs({
  options: {
    /** Interleaved: each round measures everything once, except for `shards`, which is measured once in all. */
    rounds: { type: 'string', default: '3' },
    events: { type: 'string', default: '100000' },
    keys: { type: 'string', default: '5000' },
    /** Settled rows that are in the table already. */
    history: { type: 'string', default: '5000000' },
    /** How long latency and idle cost are measured, each. */
    seconds: { type: 'string', default: '10' },
    /** For how many seconds the shards' limit has to be held. */
    minute: { type: 'string', default: '60' },
    /** Names of parts, with commas between them; `backlog` is always measured. */
    only: { type: 'string', default: PARTS.join(',') },
    /** URL of a server to measure on, with the right to make databases; a private one unless given. */
    database: { type: 'string' },
    /** Looks whether each event came, and in order; slows the null Kinesis. */
    check: { type: 'boolean', default: false },
    /** A folder for the relays' CPU profiles. */
    profile: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const number = (name: 'rounds' | 'events' | 'keys' | 'history' | 'seconds' | 'minute') =>
  Number(values[name]);
const [rounds, count, keys] = [number('rounds'), number('events'), number('keys')];
const only = new Set(values.only.split(','));
const say = (text: string) => void process.stderr.write(`${text}\n`);

/** What the project holds itself to: the medians, and what each must be. */
const TARGETS = {
  unorderedCeiling: 'at least 0.7',
  serialLoop: 'at least 3',
  hotKey: 'at least 0.125',
  history: 'at least 0.9',
  historyHeldUp: 'at least 0.6',
  shardLimit: 'at least 0.95',
  p99Ms: 'under 50',
  idleCpu: 'under 0.01',
};

/** Milliseconds until a slow Kinesis answers. */
const SLOW = 50;
/** One key is slow by itself: fewer events tell as much. */
const HOT = 0.2;
const RATE = 500;

interface Measured {
  readonly samples: Sample[];
  /** With the writers' hints, and without. */
  readonly hinted: Latency[];
  readonly polled: Latency[];
  readonly idles: Idle[];
  shards?: ShardLimit;
}

async function round(rig: Rig, { samples, hinted, polled, idles }: Measured, outbox?: Backlog['outbox']) {
  const measure = async (backlog: Omit<Backlog, 'count' | 'keys'> & Partial<Backlog>) => {
    const sample = await throughput(rig, { count, keys, ...backlog });
    samples.push(sample);
    const { scenario, who, relays, events, seconds } = sample;
    say(`  ${scenario}, ${who} × ${relays}: ${Math.round(events / seconds)} events/s`);
  };
  await measure({ scenario: 'backlog', who: 'unordered' });
  await measure({ scenario: 'backlog', who: 'banyan' });
  if (only.has('relays'))
    for (const relays of [2, 3]) await measure({ scenario: 'backlog', who: 'banyan', relays });
  if (only.has('slow')) {
    await measure({ scenario: `Kinesis takes ${SLOW} ms`, who: 'serial', delay: SLOW });
    await measure({ scenario: `Kinesis takes ${SLOW} ms`, who: 'banyan', delay: SLOW });
  }
  if (only.has('hot'))
    await measure({
      scenario: 'one hot key',
      who: 'banyan',
      aggregation: 'same-key',
      keys: 1,
      count: Math.ceil(count * HOT),
    });
  if (outbox) {
    await measure({ scenario: 'history', who: 'banyan', outbox });
    await heldUp(outbox.database, () =>
      measure({ scenario: 'history, purge held up', who: 'banyan', outbox }),
    );
  }
  const steady = { rate: RATE, seconds: number('seconds'), keys };
  if (only.has('latency')) {
    hinted.push(await latency(rig, { ...steady, hints: true }));
    polled.push(await latency(rig, { ...steady, hints: false }));
  }
  if (only.has('idle')) idles.push(await idle(rig, number('seconds')));
}

async function run(rig: Rig): Promise<Measured> {
  const measured: Measured = { samples: [], hinted: [], polled: [], idles: [] };
  const history = number('history');
  if (only.has('history')) say(`writing ${history} settled rows …`);
  const outbox = only.has('history') ? await openHistory(rig.database, { count: history, keys }) : undefined;
  try {
    if (outbox) await purged(outbox.database);
    for (let turn = 1; turn <= rounds; turn++) {
      say(`round ${turn} of ${rounds}`);
      await round(rig, measured, outbox);
    }
  } finally {
    await outbox?.drop();
  }
  if (only.has('shards')) {
    say('the limits of 4 shards …');
    measured.shards = await shardLimit(rig, { seconds: number('minute'), keys });
  }
  return measured;
}

function print({ samples, hinted, polled, idles, shards }: Measured): void {
  const banyan = (scenario: string) => ({ scenario, who: 'banyan' as const });
  const ceiling = { scenario: 'backlog', who: 'unordered' as const };
  const slow = `Kinesis takes ${SLOW} ms`;
  const over = <One>(list: readonly One[], value: (one: One) => number) =>
    list.length > 0 ? spread(list.map(value)) : undefined;
  const spreads = {
    unorderedCeiling: ratioOf(samples, [banyan('backlog'), ceiling]),
    serialLoop: ratioOf(samples, [banyan(slow), { scenario: slow, who: 'serial' }]),
    hotKey: ratioOf(samples, [banyan('one hot key'), ceiling]),
    history: ratioOf(samples, [banyan('history'), banyan('backlog')]),
    historyHeldUp: ratioOf(samples, [banyan('history, purge held up'), banyan('backlog')]),
    shardLimit: shards && spread([shards.share]),
    p99Ms: over(polled, ({ p99 }) => p99),
    idleCpu: over(idles, ({ cpu }) => cpu),
  };
  const rows = rowsOf(samples);
  if (values.json) {
    const medians = Object.fromEntries(
      Object.entries(spreads).map(([name, found]) => [name, found?.median ?? null]),
    );
    const { p99Ms, idleCpu, ...ratios } = medians;
    const all = { ratios, figures: { p99Ms, idleCpu }, spreads, rows, hinted, polled, idle: idles, shards };
    process.stdout.write(`${JSON.stringify(all, undefined, 2)}\n`);
    return;
  }
  process.stdout.write(`${table(rows)}\n\n`);
  const names = Object.keys(TARGETS) as (keyof typeof TARGETS)[];
  for (const name of names) process.stdout.write(`${line(name, spreads[name], TARGETS[name])}\n`);
  for (const [what, list] of [
    ['hinted', hinted],
    ['polled', polled],
  ] as const)
    for (const { p50, p99, max, rate } of list)
      process.stdout.write(
        `${what}: p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, max ${max.toFixed(1)} ms at ${rate.toFixed(0)} events/s\n`,
      );
  for (const { cpu, queries, rss } of idles)
    process.stdout.write(
      `idle: ${(cpu * 100).toFixed(2)} % of a core, ${queries.toFixed(1)} queries/s, ${Math.round(rss / 1e6)} MB\n`,
    );
  if (shards)
    process.stdout.write(
      `shards: ${shards.shares.map((share) => `${(share * 100).toFixed(1)} %`).join(', ')}; ` +
        `${Math.round(shards.eventsPerSecond)} events/s in ${Math.round(shards.recordsPerSecond)} records/s, ${shards.repeated} repeated\n`,
    );
}

const unknown = [...only].filter((name) => !(PARTS as readonly string[]).includes(name));
if (unknown.length > 0) {
  say(`--only: there is no ${unknown.join(', ')}; the parts are ${PARTS.join(', ')}`);
  process.exit(2);
}
const rig = await openRig(values);
try {
  print(await run(rig));
} finally {
  await rig.stop();
}
