import { expect, inject, test } from 'vitest';
import { playRule } from './play-rule.ts';
import { RULES_OFF } from './rules-off.ts';

test.each(RULES_OFF)(
  'rule $rule: without it relays do the harm that it is there for, and with it none',
  { retry: 0 },
  async (off) => {
    const servers = { database: inject('databaseServer'), kinesis: inject('kinesis') };
    const { harm, control } = await playRule(servers, off);
    expect(harm).toEqual(expect.any(String));
    expect(control).toBeUndefined();
  },
);
