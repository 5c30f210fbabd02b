import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** One kind of exchange that the clients do. */
export interface Scenario {
  readonly name: string;
  readonly method: 'GET' | 'POST';
  /** Bytes of the answer. */
  readonly answer: 1_024 | 65_536;
  /** Bytes of the request's body. */
  readonly body: number;
}

export const SMALL_GET: Scenario = { name: '1 KiB GET', method: 'GET', answer: 1_024, body: 0 };
export const SCENARIOS: readonly Scenario[] = [
  SMALL_GET,
  { name: '1 KiB POST', method: 'POST', answer: 1_024, body: 1_024 },
  { name: '64 KiB GET', method: 'GET', answer: 65_536, body: 0 },
];

/** Three contexts in canary, and a part that no route matches. */
export const CONTEXTS = ['inventory', 'orders', 'search'] as const;
const ROUTES = 200;

/** As many routes as the gateway has, spread over its contexts; the last segment is the size of the answer. */
export function routes(context: string): string[] {
  const own = CONTEXTS.indexOf(context as (typeof CONTEXTS)[number]);
  return areas()
    .filter((n) => n % CONTEXTS.length === own)
    .map((n) => `* /${context}/area-${n}/:id/:size`);
}

/** One path of each route, and one in four that none matches. */
function paths(answer: number): string[] {
  return areas().map(
    (n) => `/${n % 4 === 3 ? 'legacy' : CONTEXTS[n % CONTEXTS.length]}/area-${n}/${1_000 + n}/${answer}`,
  );
}

const areas = () => Array.from({ length: ROUTES }, (_, n) => n);

export interface Load {
  readonly seconds: number;
  readonly core: number;
  /** Where the script is written. */
  readonly folder: string;
  /** Requests per second; as fast as the proxy answers unless given. */
  readonly rate?: number;
}

export interface Measured {
  readonly requests: number;
  readonly seconds: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** Connections that broke, and answers other than 2xx. */
  readonly failed: number;
}

/** Open all the time. */
export const CONNECTIONS = 64;

/** Runs wrk on one core against one proxy. With a rate, each connection pauses at random between two requests. */
export async function load(url: string, scenario: Scenario, options: Load): Promise<Measured> {
  const { seconds, core, folder, rate } = options;
  const script = join(folder, 'load.lua');
  await writeFile(script, scriptOf(scenario, rate));
  const args = ['-c', String(core), 'wrk', '-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, '-s', script, url];
  const { stdout } = await promisify(execFile)('taskset', args);
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as Measured;
}

function scriptOf({ method, answer, body }: Scenario, rate: number | undefined): string {
  const list = paths(answer)
    .map((path) => `'${path}'`)
    .join(', ');
  return `
local built = {}
local next = 0
init = function()
  for i, path in ipairs({ ${list} }) do
    local headers = { Cookie = 'theme=dark; sid=' .. i, Accept = '*/*', ['User-Agent'] = 'Mozilla/5.0 (X11; Linux x86_64)', ['Accept-Encoding'] = 'gzip, br' }
    built[i] = wrk.format('${method}', path, headers, ${body === 0 ? 'nil' : `string.rep('x', ${body})`})
  end
end
request = function()
  next = next % #built + 1
  return built[next]
end
${rate === undefined ? '' : `delay = function() return math.floor(-math.log(1 - math.random()) * ${(CONNECTIONS * 1_000) / rate} + 0.5) end`}
done = function(summary, latency)
  local e = summary.errors
  io.write(string.format('{"requests":%d,"seconds":%.6f,"p50":%.3f,"p99":%.3f,"failed":%d}\\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    e.connect + e.read + e.write + e.status + e.timeout))
end
`;
}
