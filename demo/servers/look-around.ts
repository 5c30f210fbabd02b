import type { Found } from './choose-way.ts';
import { composeAnswers } from './compose.ts';
import { findBinary } from './find-binary.ts';
import { findDatabase } from './find-database.ts';
import { findRedis } from './find-redis.ts';
import type { Variables } from './missing-servers.ts';

export interface Surroundings extends Found {
  readonly docker?: string;
  readonly aptGet?: string;
}

/** What this machine and the environment offer. Docker and apt-get are looked for only when programs are missing. */
export async function lookAround(
  env: NodeJS.ProcessEnv,
  {
    variables,
    folders,
    asRoot,
  }: { readonly variables: Variables; readonly folders: readonly string[]; readonly asRoot: boolean },
): Promise<Surroundings> {
  const given = { database: env[variables.database], redis: env[variables.redis] };
  const databaseBinary = given.database ? undefined : await findDatabase(folders);
  const redisBinary = given.redis ? undefined : await findRedis(folders);
  const found = { given, databaseBinary, redisBinary, compose: false, apt: false };
  if ((given.database || databaseBinary) && (given.redis || redisBinary)) return found;
  const docker = await findBinary(['docker'], folders);
  const aptGet = asRoot ? await findBinary(['apt-get'], folders) : undefined;
  return { ...found, docker, aptGet, compose: await composeAnswers(docker), apt: aptGet !== undefined };
}
