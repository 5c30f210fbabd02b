import { ok, warning } from '../finding.ts';
import type { DatabaseCheck } from './database-check.ts';

/** Seconds below which idle connections of a pool are cut off all the time. */
const SHORT = 30;

/** Whether the server closes idle connections so soon that a relay has to connect again and again. */
export const timeouts: DatabaseCheck = ({ variables }) => {
  const seconds = Number(variables['wait_timeout']);
  return seconds >= SHORT
    ? [ok(`idle connections stay for ${seconds} s`)]
    : [
        warning(
          `wait_timeout is ${seconds} s`,
          `${SHORT} s at least: an idle relay finds its connections closed otherwise, and says each time that the database is away`,
          `SET GLOBAL wait_timeout = 28800`,
        ),
      ];
};
