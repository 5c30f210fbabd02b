// What a request costs the gateway and its peers: `npm run bench:gateway -- [--rounds 5] [--seconds 3] [--only <names>]
// [--soak 1000000] [--json]`. Debian: apt-get install wrk nginx-light haproxy. docs/performance.md has a run.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { SCENARIOS, SMALL_GET } from './load.ts';
import { BANYAN, PROXIES, type Proxy } from './proxies.ts';
import { ratio, rowsOf, spread, type Spread } from './ratios.ts';
import { ratioLine, table } from './report.ts';
import { isInstalled, openRig, type Rig, type Running, type Sample } from './rig.ts';

const { values } = parseArgs({
  options: {
    /** Interleaved: each round measures every proxy once in each scenario. */
    rounds: { type: 'string', default: '5' },
    /** How long each measurement takes. */
    seconds: { type: 'string', default: '3' },
    /** Names of proxies, with commas between them. */
    only: { type: 'string' },
    /** Requests over which the gateway's memory is watched; 0 for none. */
    soak: { type: 'string', default: '1000000' },
    json: { type: 'boolean', default: false },
  },
});
const [rounds, seconds, soak] = [values.rounds, values.seconds, values.soak].map(Number) as [
  number,
  number,
  number,
];
const say = (line: string) => void process.stderr.write(`${line}\n`);
const perCpuSecond = ({ requests, cpu }: Sample) => requests / cpu;

/** Every proxy in every scenario, round after round. The first seconds of each, in which it compiles, don't count. */
async function throughput(running: readonly Running[]): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (const one of running) for (const scenario of SCENARIOS) await one.measure(scenario, { seconds: 2 });
  for (let round = 1; round <= rounds; round++) {
    say(`round ${round} of ${rounds}`);
    for (const scenario of SCENARIOS)
      for (const one of running) samples.push(await one.measure(scenario, { seconds }));
  }
  return samples;
}

/** Ours and the npm peers at half of what the best of these peers carries at most. */
async function halfLoad(running: readonly Running[], rate: number): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (let round = 1; round <= rounds; round++)
    for (const one of running) samples.push(await one.measure(SMALL_GET, { seconds, rate }));
  return samples;
}

/** Bytes that the gateway's memory has grown by over so many requests, after as many tenths of them to warm up. */
async function growth(ours: Running): Promise<{ requests: number; first: number; last: number }> {
  let requests = 0;
  let first: number | undefined;
  let last = 0;
  while (requests < soak) {
    const sample = await ours.measure(SMALL_GET, { seconds: 5 });
    requests += sample.requests;
    if (first === undefined && requests >= soak / 10) first = sample.rss;
    last = sample.rss;
  }
  return { requests, first: first ?? last, last };
}

function chosen(): Proxy[] {
  const named = values.only?.split(',');
  return PROXIES.filter(({ name, kind }) => {
    if (named && !named.includes(name)) return false;
    if (kind !== 'native' || isInstalled(name)) return true;
    say(
      `${name} is not installed and left out (Debian: apt-get install ${name === 'nginx' ? 'nginx-light' : name})`,
    );
    return false;
  });
}

async function run(rig: Rig): Promise<void> {
  const running: Running[] = [];
  for (const proxy of chosen()) running.push(await rig.start(proxy));
  const ours = running.find(({ proxy }) => proxy === BANYAN);
  const npm = running.filter(({ proxy }) => proxy.kind === 'npm');

  const samples = await throughput(running);
  const small = samples.filter(({ scenario }) => scenario === SMALL_GET.name);
  const median = (name: string) =>
    spread(small.filter(({ proxy }) => proxy === name).map(perCpuSecond)).median;
  const best = npm.map(({ proxy }) => proxy.name).toSorted((a, b) => median(b) - median(a))[0];
  const rate = best === undefined ? undefined : Math.round(median(best) / 2);
  const half = rate === undefined || !ours ? [] : await halfLoad([ours, ...npm], rate);
  const halfRows = rowsOf(half);
  const calmest = halfRows
    .filter(({ proxy }) => proxy !== BANYAN.name)
    .toSorted((a, b) => a.p99.median - b.p99.median)[0]?.proxy;

  const against = (all: readonly Sample[], peer: string | undefined, value: (sample: Sample) => number) =>
    peer === undefined ? undefined : ratio(all, [BANYAN.name, peer], value);
  const ratios: Record<string, Spread | undefined> = {
    bestNpmPeer: against(small, best, perCpuSecond),
    nginx: against(small, 'nginx', perCpuSecond),
    p99HalfLoad: against(half, calmest, ({ p99 }) => p99),
  };
  const memory = ours && soak > 0 ? await growth(ours) : undefined;

  if (values.json) {
    process.stdout.write(
      `${JSON.stringify({ ratios, rows: rowsOf(samples), halfLoad: { rate, rows: halfRows }, memory }, undefined, 2)}\n`,
    );
    return;
  }
  process.stdout.write(`${table(rowsOf(samples))}\n\n`);
  if (rate !== undefined) process.stdout.write(`at ${rate} requests/s\n${table(halfRows)}\n\n`);
  for (const [name, target] of [
    ['bestNpmPeer', `at least 1.4 (${best})`],
    ['nginx', 'at least 0.5'],
    ['p99HalfLoad', `at most 1 (${calmest})`],
  ] as const)
    process.stdout.write(`${ratioLine(name, ratios[name], target)}\n`);
  if (memory)
    process.stdout.write(
      `memory over ${memory.requests} requests: ${(memory.first / 1e6).toFixed(0)} MB after the first tenth, ${(memory.last / 1e6).toFixed(0)} MB at the end\n`,
    );
}

for (const command of ['wrk', 'taskset'])
  if (!isInstalled(command)) {
    say(`${command} is not installed: nothing can be measured (Debian: apt-get install wrk util-linux)`);
    process.exit(0);
  }
const peers = fileURLToPath(new URL('..', import.meta.url));
if (!existsSync(new URL('../node_modules', import.meta.url))) {
  say('installing the peers …');
  execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: peers,
    stdio: 'inherit',
  });
}
const rig = await openRig();
try {
  await run(rig);
} finally {
  await rig.stop();
}
