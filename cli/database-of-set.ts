import type { TableSet } from '../control-plane/install/index.ts';
import { loadConfig } from './load-config.ts';
import { UsageError } from './usage-error.ts';

/** The URL of a set's database, as given or from the configuration, and the database's name. */
export function databaseOfSet(
  set: TableSet,
  given: string | undefined,
  configFile: string,
): { url: string; name: string } {
  const url = given ?? configured(set, configFile);
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const name = decodeURIComponent(parsed?.pathname.slice(1) ?? '');
  if (parsed === undefined || !['mysql:', 'mariadb:'].includes(parsed.protocol) || name === '') {
    throw new UsageError('the database must be a URL with a name: mysql://user:password@host:3306/database');
  }
  return { url, name };
}

function configured(set: TableSet, configFile: string): string {
  if (set === 'inbox') {
    throw new UsageError(
      "an inbox stands with an extracted service's own data, which the configuration doesn't know: " +
        'name it with --database mysql://user:password@host:3306/database',
    );
  }
  const config = loadConfig(configFile);
  const url = set === 'outbox' ? config.outbox?.database : config.control.database;
  if (url === undefined) {
    throw new UsageError(
      `${configFile} has no ${set}.database: add it, or name the database with --database mysql://user:password@host:3306/database`,
    );
  }
  return url;
}
