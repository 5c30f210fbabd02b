// What a request costs the gateway and its peers: `npm run bench:gateway -- [--rounds 5] [--seconds 3] [--only <names>]
// [--soak 1000000] [--floors] [--json]`. Debian: apt-get install wrk nginx-light haproxy. docs/performance.md has a run.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { measureMatch } from '../match.ts';
import { SCENARIOS, SMALL_GET } from './load.ts';
import { BANYAN, DEAD_SHADOW, FLOORS, PROXIES, type Proxy } from './proxies.ts';
import { ratio, rowsOf, spread, type Row, type Spread } from './ratios.ts';
import { memoryLine, ratioLine, table, type Memory } from './report.ts';
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
    /** Measures what the gateway's parts cost alone, too. */
    floors: { type: 'boolean', default: false },
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

/** Shadowing is a matter of reads, and the floors do nothing else. */
const scenariosOf = ({ proxy }: Running) =>
  proxy === DEAD_SHADOW || proxy.kind === 'floor' ? [SMALL_GET] : SCENARIOS;

/** Every proxy in every scenario, round after round. The first seconds of each, in which it compiles, don't count. */
async function throughput(running: readonly Running[]): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (const one of running)
    for (const scenario of scenariosOf(one)) await one.measure(scenario, { seconds: 2 });
  for (let round = 1; round <= rounds; round++) {
    say(`round ${round} of ${rounds}`);
    for (const scenario of SCENARIOS)
      for (const one of running)
        if (scenariosOf(one).includes(scenario)) samples.push(await one.measure(scenario, { seconds }));
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

/** The gateway's memory over so many requests: after the first tenth, in which it warms up, and at the end. */
async function growth(ours: Running): Promise<Memory> {
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
  return [...PROXIES, ...(values.floors ? FLOORS : [])].filter(({ name, kind }) => {
    if (named && !named.includes(name)) return false;
    if (kind !== 'native' || isInstalled(name)) return true;
    say(
      `${name} is not installed and left out (Debian: apt-get install ${name === 'nginx' ? 'nginx-light' : name})`,
    );
    return false;
  });
}

/** The medians that the project holds itself to, and what each must be. */
const TARGETS = {
  bestNpmPeer: 'at least 1.4',
  nginx: 'at least 0.5',
  p99HalfLoad: 'at most 1',
  deadShadow: 'at least 0.8',
  match2000over10: 'at most 1.3',
};

async function run(rig: Rig): Promise<void> {
  const running: Running[] = [];
  for (const proxy of chosen()) running.push(await rig.start(proxy));
  const ours = running.find(({ proxy }) => proxy === BANYAN);
  const npm = running.filter(({ proxy }) => proxy.kind === 'npm');

  const samples = await throughput(running);
  const rows = rowsOf(samples);
  const small = samples.filter(({ scenario }) => scenario === SMALL_GET.name);
  const isNpm = ({ proxy }: Row) => npm.some((one) => one.proxy.name === proxy);
  const best = rows
    .filter((row) => row.scenario === SMALL_GET.name && isNpm(row))
    .toSorted((a, b) => b.perCpuSecond.median - a.perCpuSecond.median)[0];
  const rate = best && Math.round(best.perCpuSecond.median / 2);
  const half = rate === undefined || !ours ? [] : await halfLoad([ours, ...npm], rate);
  const halfRows = rowsOf(half);
  const calmest = halfRows.filter(isNpm).toSorted((a, b) => a.p99.median - b.p99.median)[0];
  const memory = ours && soak > 0 ? await growth(ours) : undefined;
  say('deciding among 10 and among 2,000 routes');
  const match = await measureMatch();

  const { name } = BANYAN;
  const spreads: Record<keyof typeof TARGETS, Spread | undefined> = {
    bestNpmPeer: ratio(small, [name, best?.proxy], perCpuSecond),
    nginx: ratio(small, [name, 'nginx'], perCpuSecond),
    p99HalfLoad: ratio(half, [name, calmest?.proxy], ({ p99 }) => p99),
    deadShadow: ratio(small, [DEAD_SHADOW.name, name], perCpuSecond),
    match2000over10: spread(match.ratios),
  };
  const names = Object.keys(TARGETS) as (keyof typeof TARGETS)[];
  if (values.json) {
    const ratios = Object.fromEntries(names.map((one) => [one, spreads[one]?.median ?? null]));
    const all = { ratios, spreads, rows, halfLoad: { rate, rows: halfRows }, memory, match };
    process.stdout.write(`${JSON.stringify(all, undefined, 2)}\n`);
    return;
  }
  process.stdout.write(`${table(rows)}\n\n`);
  if (rate !== undefined) process.stdout.write(`at ${rate} requests/s\n${table(halfRows)}\n\n`);
  for (const one of names) process.stdout.write(`${ratioLine(one, spreads[one], TARGETS[one])}\n`);
  process.stdout.write(`best npm peer: ${best?.proxy}; at half load: ${calmest?.proxy}\n`);
  if (memory) process.stdout.write(`${memoryLine(memory)}\n`);
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
