import { hash } from 'node:crypto';
import type { CohortConfig } from './config.ts';

/** Field names in lower case, as Node gives them. */
export type RequestFields = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Who a decision is sticky for: the value of the cookie or the header that the context names, if it is there. */
export function cohortOf(config: CohortConfig, fields: RequestFields): string | undefined {
  if ('header' in config) return firstOf(fields[config.header]);
  const cookies = firstOf(fields['cookie']);
  if (cookies === undefined) return undefined;
  for (const pair of cookies.split(';')) {
    const equals = pair.indexOf('=');
    if (equals > 0 && pair.slice(0, equals).trim() === config.cookie)
      return pair.slice(equals + 1).trim() || undefined;
  }
  return undefined;
}

function firstOf(value: string | readonly string[] | undefined): string | undefined {
  return (typeof value === 'string' ? value : value?.[0]) || undefined;
}

/**
 * Where a cohort stands in [0, 1), evenly spread and the same on every gateway and for ever. The context's salt
 * makes it independent of where the cohort stands in other contexts. A cohort is in a canary of `percent` when
 * its position is below `percent / 100`; raising the percentage therefore moves nobody back.
 */
export function cohortPosition(salt: string, cohort: string): number {
  return hash('sha256', `${salt}\0${cohort}`, 'buffer').readUIntBE(0, 6) / 2 ** 48;
}
