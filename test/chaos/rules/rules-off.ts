import { rule1 } from './rule-1.ts';
import { rule2 } from './rule-2.ts';
import { rule3 } from './rule-3.ts';
import { rule4 } from './rule-4.ts';
import { rule5 } from './rule-5.ts';
import { rule6 } from './rule-6.ts';
import type { RuleOff } from './rule-off.ts';

export const RULES_OFF: readonly RuleOff[] = [rule1, rule2, rule3, rule4, rule5, rule6];
