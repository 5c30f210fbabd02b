/** Names of the environment variables that give a server's URL. */
export interface Variables {
  readonly database: string;
  readonly redis: string;
}

/** The one error of a machine that offers no way to a server: what is missing, where it was sought, what to do. */
export function missingServers(
  missing: readonly (keyof Variables)[],
  { folders, variables }: { readonly folders: readonly string[]; readonly variables: Variables },
): Error {
  const [what, debian, brew, urls] = [
    ['MariaDB or MySQL server (mariadbd with mariadb-install-db, or mysqld)', 'Redis or Valkey server'],
    ['mariadb-server', 'redis-server'],
    ['mariadb', 'redis'],
    [`${variables.database}=mysql://user:password@host:3306`, `${variables.redis}=redis://host:6379`],
  ].map((pair) => pair.filter((_, index) => missing.includes(index === 0 ? 'database' : 'redis')));
  return new Error(
    [
      `This machine has no ${what?.join(' and no ')} that can be started.`,
      `Looked in: ${folders.join(', ') || 'no folder'}; Docker Compose did not answer; apt-get is used only on Debian as root.`,
      'Any one of these helps:',
      `  Debian, Ubuntu:  sudo apt-get install ${debian?.join(' ')}`,
      `  macOS:           brew install ${brew?.join(' ')}`,
      '  Docker:          start it, with Compose v2 (`docker compose version`)',
      `  servers you run: ${urls?.join(' ')}`,
    ].join('\n'),
  );
}
