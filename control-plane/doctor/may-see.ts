import { holds } from '../../legacy-adapter/index.ts';
import type { DatabaseFacts } from './facts.ts';

/** Rights on a column, or on its whole table, that show it in `information_schema`. */
const SHOWING = ['SELECT', 'INSERT', 'UPDATE', 'REFERENCES'];

/**
 * Whether the user is shown a column that is there: servers hide columns, and indexes of columns, that a user has no right
 * on. Where he isn't, that he sees none says nothing.
 */
export function maySee(
  { grants, database }: Pick<DatabaseFacts, 'grants' | 'database'>,
  table: string,
  column: string,
): boolean {
  const scope = { database, table, columns: [column] };
  return SHOWING.some((privilege) => holds(grants, privilege, scope) === 'yes');
}
