import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

/** As Prometheus reads it. */
export interface Rule {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export const root = fileURLToPath(new URL('../..', import.meta.url));
export const RULE_FILES = ['banyan-gateway', 'banyan-events'].map(
  (name) => `${root}infra/prometheus/${name}.rules.yaml`,
);

export function rulesIn(file: string): readonly Rule[] {
  const { groups } = parse(readFileSync(file, 'utf8')) as { groups: { rules: Rule[] }[] };
  return groups.flatMap(({ rules }) => rules);
}

export const allRules = RULE_FILES.flatMap(rulesIn);
export const alerts = allRules.filter((rule): rule is Rule & { alert: string } => rule.alert !== undefined);
export const alertNames = [...new Set(alerts.map(({ alert }) => alert))];
