import type { RedisFacts } from '../facts.ts';
import { ok, problem, unknown, warning, type Said } from '../finding.ts';
import { clock } from './clock.ts';

/** What jobs and wake-ups need of Redis. The way of the events needs none of it. */
export const REDIS_CHECKS: Readonly<Record<string, (facts: RedisFacts) => Said>> = {
  version({ version }) {
    const [major = 0, minor = 0] = version.split('.').map(Number);
    return major > 6 || (major === 6 && minor >= 2)
      ? ok(`Redis ${version}`)
      : problem(`Redis ${version}`, 'Redis 6.2 or Valkey: the jobs need it (BullMQ)', 'upgrade it');
  },
  eviction: ({ eviction }) =>
    eviction === undefined
      ? unknown(
          'maxmemory-policy is not told',
          'noeviction',
          'allow this user INFO, or look it up where the server is configured',
        )
      : eviction === 'noeviction'
        ? ok('maxmemory-policy is noeviction')
        : warning(
            `maxmemory-policy is ${eviction}`,
            'noeviction: jobs vanish with the keys that are thrown out (what is pending stays in the database)',
            'CONFIG SET maxmemory-policy noeviction, and the same in its configuration',
          ),
  clock: ({ clock: apart }) => clock('its clock', apart),
};
