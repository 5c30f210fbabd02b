/**
 * Why a server (its `VERSION()`) can't carry Banyan's tables; undefined when it can.
 * MySQL 8.0.19: CHECK is enforced since 8.0.16, a time literal may carry its offset since 8.0.19.
 * MariaDB 10.5: the oldest whose behaviour is known here; it has CHECK and expression defaults.
 */
export function unsupportedServer(version: string): string | undefined {
  const [major = 0, minor = 0, patch = 0] = (/^(\d+)\.(\d+)\.(\d+)/.exec(version) ?? []).slice(1).map(Number);
  const [name, required] = version.includes('MariaDB') ? ['MariaDB', [10, 5, 0]] : ['MySQL', [8, 0, 19]];
  const found = [major, minor, patch];
  const first = found.findIndex((part, index) => part !== required[index as 0 | 1 | 2]);
  if (first === -1 || found[first]! > (required as number[])[first]!) return undefined;
  return (
    `the server is ${name} ${version}; Banyan's tables need MySQL 8.0.19 or MariaDB 10.5 at least ` +
    '(defaults that are expressions, enforced CHECKs): upgrade the server first'
  );
}
