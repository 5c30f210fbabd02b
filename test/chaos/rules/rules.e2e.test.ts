import { expect, inject, test } from 'vitest';
import { documentedRules } from './documented-rules.ts';
import { playRule } from './play-rule.ts';
import { RULES_OFF } from './rules-off.ts';

test.each(RULES_OFF)(
  'rule $rule: without it relays do the harm that it is there for, and with it none',
  { retry: 0 },
  async (off) => {
    const servers = { database: inject('databaseServer'), kinesis: inject('kinesis') };
    const { harm, control } = await playRule(servers, off);
    const documented = documentedRules().find(({ name }) => name.startsWith(`${off.rule}. `))!;
    expect(harm && counted(harm)).toBe(counted(documented.found));
    expect(control).toBeUndefined();
  },
);

/** What was found, whatever the numbers. */
const counted = (found: string) => found.replaceAll(/\d+/g, 'n');
