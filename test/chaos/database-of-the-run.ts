import { inject } from 'vitest';
import { findProgram, versionOf } from './chaos-database.ts';

/** A private server of the kind that the tests' run has, so that it can be restarted; else the run's own. */
export async function databaseOfTheRun(): Promise<string> {
  const given = inject('databaseServer');
  const kind = (await versionOf(given)).includes('MariaDB') ? 'mariadb' : 'mysql';
  return (await findProgram(kind)) ? kind : given;
}
