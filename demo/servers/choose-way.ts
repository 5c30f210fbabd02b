import type { DatabaseBinary } from './find-database.ts';

/** What this machine and its environment offer. */
export interface Found {
  /** URLs from the environment. */
  readonly given: { readonly database?: string; readonly redis?: string };
  readonly databaseBinary?: DatabaseBinary;
  readonly redisBinary?: string;
  /** Docker answers, and has Compose. */
  readonly compose: boolean;
  /** Debian (or a child of it), and we are root. */
  readonly apt: boolean;
}

export type Way<Binary> =
  | { readonly way: 'given'; readonly url: string }
  | { readonly way: 'binary'; readonly binary: Binary }
  | { readonly way: 'compose' }
  | { readonly way: 'apt' }
  | { readonly way: 'none' };

export interface Ways {
  readonly database: Way<DatabaseBinary>;
  readonly redis: Way<string>;
}

/**
 * How each of the two servers is had. In this order: a URL from the environment, a private server from its binary,
 * Docker Compose, apt-get. Servers that happen to run on the default ports are nobody's to take.
 */
export function chooseWays(found: Found): Ways {
  return {
    database: choose(found, found.given.database, found.databaseBinary),
    redis: choose(found, found.given.redis, found.redisBinary),
  };
}

function choose<Binary>(found: Found, url: string | undefined, binary: Binary | undefined): Way<Binary> {
  if (url) return { way: 'given', url };
  if (binary !== undefined) return { way: 'binary', binary };
  if (found.compose) return { way: 'compose' };
  if (found.apt) return { way: 'apt' };
  return { way: 'none' };
}
