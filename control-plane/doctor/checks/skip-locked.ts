import { ok } from '../finding.ts';
import type { DatabaseCheck } from './database-check.ts';

/** For those who ask: nothing needs it, since it inverts a key's order (docs/guarantees.md). */
export const skipLocked: DatabaseCheck = ({ set, skipLocked: refused }) =>
  set !== 'outbox'
    ? []
    : [
        ok(
          refused === undefined
            ? 'the server has SKIP LOCKED; nothing needs it'
            : `nothing needs SKIP LOCKED (the server: ${refused})`,
        ),
      ];
