/** `unknown` counts as bad: what can't be looked at isn't known to be right. */
export type Level = 'ok' | 'warning' | 'problem' | 'unknown';

/** What one check found in one place. */
export interface Finding {
  /** The check: `version`, `grants`, `indexes`. */
  readonly check: string;
  /** Where: `outbox`, `inbox`, `control`, `stream`, `stream <name>` of a further one, `redis`. */
  readonly target: string;
  readonly level: Level;
  readonly found: string;
  /** Empty where nothing is amiss. */
  readonly required: string;
  /** What to do, as a statement where there is one; empty where nothing is amiss. */
  readonly todo: string;
}

/** What a check says of its target, of which it need not know the name. */
export type Said = Omit<Finding, 'check' | 'target'>;

export const ok = (found: string): Said => ({ level: 'ok', found, required: '', todo: '' });

const bad =
  (level: Level) =>
  (found: string, required: string, todo: string): Said => ({ level, found, required, todo });

/** It works, and something is worth changing. */
export const warning = bad('warning');
/** Something fails, or will. */
export const problem = bad('problem');
/** It could not be looked at; `todo` is what makes it visible. */
export const unknown = bad('unknown');

/** Whether nothing stands against going on: no problem, and nothing that nobody knows. */
export function isSound(findings: readonly Finding[]): boolean {
  return findings.every(({ level }) => level === 'ok' || level === 'warning');
}
