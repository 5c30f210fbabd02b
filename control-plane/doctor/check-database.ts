import { binaryLog } from './checks/binary-log.ts';
import { clock } from './checks/clock.ts';
import { cluster } from './checks/cluster.ts';
import { columns } from './checks/columns.ts';
import type { DatabaseCheck, DatabaseTerms } from './checks/database-check.ts';
import { durability } from './checks/durability.ts';
import { grants } from './checks/grants.ts';
import { history } from './checks/history.ts';
import { indexes } from './checks/indexes.ts';
import { isolation } from './checks/isolation.ts';
import { packet } from './checks/packet.ts';
import { server } from './checks/server.ts';
import { session } from './checks/session.ts';
import { skipLocked } from './checks/skip-locked.ts';
import { tables } from './checks/tables.ts';
import { timeouts } from './checks/timeouts.ts';
import { version } from './checks/version.ts';
import { writable } from './checks/writable.ts';
import type { DatabaseFacts } from './facts.ts';
import type { Finding } from './finding.ts';

/** Every check of a database, in the order in which they are told. */
export const DATABASE_CHECKS: Readonly<Record<string, DatabaseCheck>> = {
  version,
  server,
  session,
  cluster,
  writable,
  grants,
  columns,
  indexes,
  tables,
  isolation,
  'binary-log': binaryLog,
  durability,
  history,
  packet,
  timeouts,
  'skip-locked': skipLocked,
  clock: ({ clock: apart }) => [clock("the database's clock", apart)],
};

/** What all checks say of one database. Pure. */
export function checkDatabase(facts: DatabaseFacts, terms: DatabaseTerms): Finding[] {
  return Object.entries(DATABASE_CHECKS).flatMap(([check, say]) =>
    say(facts, terms).map((said) => ({ check, target: facts.set, ...said })),
  );
}
