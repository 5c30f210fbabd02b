import type { Finding } from '../control-plane/doctor/index.ts';
import { formatTable } from './format-table.ts';

/** A line for each finding; under the table what is required and what to do, for all that isn't well. */
export function doctorTable(findings: readonly Finding[]): string {
  const table = formatTable(
    ['', 'where', 'check', 'found'],
    findings.map(({ level, target, check, found }) => [level, target, check, found]),
  );
  const amiss = findings.filter(({ level }) => level !== 'ok');
  const details = amiss.map(
    ({ level, target, check, found, required, todo }) =>
      `\n${level}: ${target}, ${check}: ${found}\n  required: ${required}\n  to do:    ${todo}\n`,
  );
  const count = (level: Finding['level']) => findings.filter((one) => one.level === level).length;
  return `${table}${details.join('')}\n${count('problem')} problems, ${count('unknown')} unknown, ${count('warning')} warnings, ${count('ok')} ok\n`;
}
