import { ok, warning } from '../finding.ts';
import type { DatabaseCheck } from './database-check.ts';

/** Whether a commit outlives a crash of the server: an event's number can be given out twice otherwise. */
export const durability: DatabaseCheck = ({ variables }) => {
  const relaxed = [
    ...(variables['innodb_flush_log_at_trx_commit'] === '1' ? [] : ['innodb_flush_log_at_trx_commit']),
    ...(variables['log_bin'] !== 'ON' || variables['sync_binlog'] === '1' ? [] : ['sync_binlog']),
  ].filter((name) => variables[name] !== undefined);
  return relaxed.length === 0
    ? [ok('commits are flushed before they are answered')]
    : [
        warning(
          relaxed.map((name) => `${name} is ${variables[name]}`).join(', '),
          '1: a crash of the server loses the last commits otherwise, their events with them',
          `${relaxed.map((name) => `SET GLOBAL ${name} = 1`).join('; ')}; or know what it costs (docs/guarantees.md)`,
        ),
      ];
};
