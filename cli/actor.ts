import { hostname, userInfo } from 'node:os';

/** Who the audit names: as given, else the user of this host, `ann@ops-1`. At most 190 characters. */
export function actorOf(given?: string): string {
  return (given ?? `${userName()}@${hostname()}`).slice(0, 190);
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container's user has a number alone.
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
