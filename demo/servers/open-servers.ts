import { aptInstall, PACKAGES } from './apt.ts';
import { chooseWays, type Way } from './choose-way.ts';
import { startComposed, type Service } from './compose.ts';
import { startDatabase } from './database.ts';
import { foldersToSearch } from './find-binary.ts';
import { mustAnswer } from './given-server.ts';
import { lookAround } from './look-around.ts';
import { missingServers, type Variables } from './missing-servers.ts';
import { startRedis } from './redis.ts';

export interface Servers {
  /** URL without a database: `mysql://root@127.0.0.1:23456`. */
  readonly database: { readonly url: string };
  readonly redis: { readonly url: string };
  /** Ends what was started, and deletes its data; servers that were given stay as they are. */
  stop(): Promise<void>;
}

export interface OpenServers {
  readonly env: NodeJS.ProcessEnv;
  /** Told in one line what is done, when it is more than starting a program. */
  say(line: string): void;
  /** Default: `BANYAN_DATABASE_URL` and `BANYAN_REDIS_URL`. */
  readonly variables?: Variables;
  /** Folders searched after PATH. */
  readonly usualFolders?: readonly string[];
  readonly asRoot?: boolean;
  /** Where Debian asks whether services may start. */
  readonly servicePolicy?: string;
}

/**
 * A database server and a Redis for the demo or the tests: by URL from the environment, else private servers of our own
 * from their binaries, else Docker Compose, else (Debian, root) apt-get and then from their binaries; else an error
 * that says what to install.
 */
export async function openServers({
  env,
  say,
  variables = { database: 'BANYAN_DATABASE_URL', redis: 'BANYAN_REDIS_URL' },
  usualFolders,
  asRoot = process.getuid?.() === 0,
  servicePolicy,
}: OpenServers): Promise<Servers> {
  const look = async () => {
    const folders = await foldersToSearch(env['PATH'], usualFolders);
    return { folders, around: await lookAround(env, { variables, folders, asRoot }) };
  };
  let { folders, around } = await look();
  let ways = chooseWays(around);

  const toInstall = hadBy('apt', ways);
  if (around.aptGet && toInstall.length > 0) {
    const packages = toInstall.flatMap((service) => PACKAGES[service]);
    await aptInstall(around.aptGet, packages, { say, env, policy: servicePolicy });
    ({ folders, around } = await look());
    ways = chooseWays({ ...around, apt: false });
  }
  const missing = hadBy('none', ways);
  if (missing.length > 0) throw missingServers(missing, { folders, variables });

  const stops: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (const end of stops.splice(0).toReversed()) await end();
  };
  try {
    const toCompose = hadBy('compose', ways);
    const composed: Partial<Record<Service, string>> = {};
    if (around.docker && toCompose.length > 0) {
      say(`No server program found; starting with Docker Compose: ${toCompose.join(', ')}`);
      const started = await startComposed(around.docker, toCompose);
      stops.push(started.stop);
      Object.assign(composed, started.urls);
    }
    const open = async <Binary>(service: Service, way: Way<Binary>, start: Start<Binary>) => {
      if (way.way === 'binary') {
        const server = await start(way.binary);
        stops.push(server.stop);
        return { url: server.url };
      }
      if (way.way === 'given') await mustAnswer(variables[service], way.url);
      return { url: way.way === 'given' ? way.url : (composed[service] ?? '') };
    };
    const database = await open('database', ways.database, startDatabase);
    const redis = await open('redis', ways.redis, startRedis);
    return { database, redis, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

type Start<Binary> = (binary: Binary) => Promise<{ url: string; stop(): Promise<void> }>;

function hadBy(way: Way<unknown>['way'], ways: Record<Service, Way<unknown>>): Service[] {
  return (['database', 'redis'] as const).filter((service) => ways[service].way === way);
}
