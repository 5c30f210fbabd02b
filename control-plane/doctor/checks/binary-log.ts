import { ok, problem, warning } from '../finding.ts';
import type { DatabaseCheck } from './database-check.ts';

/** What stands in the binary log: InnoDB refuses writes at READ COMMITTED where it holds statements. */
export const binaryLog: DatabaseCheck = ({ variables }) => {
  if (variables['log_bin'] !== 'ON') return [ok('the binary log is off')];
  const format = variables['binlog_format'] ?? 'ROW';
  if (format === 'STATEMENT')
    return [
      problem(
        'binlog_format is STATEMENT',
        'ROW, or MIXED: InnoDB refuses every write at READ COMMITTED otherwise (error 1665), so nothing can be settled; event ids made by triggers differ on replicas',
        "SET GLOBAL binlog_format = 'ROW', and the same in the server's configuration",
      ),
    ];
  const image = variables['binlog_row_image'] ?? 'FULL';
  if (format === 'MIXED')
    return [
      warning(
        'binlog_format is MIXED',
        'ROW: it holds what was written, whatever made it',
        "SET GLOBAL binlog_format = 'ROW', when nothing of the monolith needs MIXED",
      ),
    ];
  const gtid =
    variables['gtid_mode'] ?? (variables['gtid_strict_mode'] === undefined ? undefined : 'MariaDB');
  return [ok(`binlog_format is ${format}, row image ${image}${gtid === undefined ? '' : `, GTID ${gtid}`}`)];
};
