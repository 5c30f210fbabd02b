/** What one privilege is needed on: a table, a whole database, or the server (neither given). */
export interface Scope {
  readonly database?: string;
  readonly table?: string;
  /** The columns of the table that it is needed for: a grant on columns must name them all. */
  readonly columns?: readonly string[];
}

/**
 * Whether the lines of SHOW GRANTS give a privilege on a scope. `unknown` when they don't but grant roles, whose
 * rights the lines don't tell.
 */
export function holds(grants: readonly string[], privilege: string, scope: Scope): 'yes' | 'no' | 'unknown' {
  let roles = false;
  for (const line of grants) {
    const match = /^GRANT (.+?) ON (?:TABLE )?(\*|`(?:[^`]|``)*`)\.(\*|`(?:[^`]|``)*`) TO /.exec(line);
    if (!match) {
      roles ||= line.startsWith('GRANT ') && !line.includes(' ON ');
      continue;
    }
    const [, privileges = '', database = '', table = ''] = match;
    if (!covers(database, table, scope)) continue;
    const listed = privileges.split(/,\s*(?![^(]*\))/);
    if (listed.includes('ALL PRIVILEGES') || listed.includes(privilege)) return 'yes';
    const onColumns = listed.find((one) => one.startsWith(`${privilege} (`));
    if (onColumns && scope.columns) {
      const named = onColumns
        .slice(privilege.length + 2, -1)
        .split(/,\s*/)
        .map(unquoted);
      if (scope.columns.every((column) => named.includes(column.toLowerCase()))) return 'yes';
    }
  }
  return roles ? 'unknown' : 'no';
}

function covers(database: string, table: string, scope: Scope): boolean {
  if (database === '*') return true;
  if (scope.database === undefined) return false;
  // In a grant on a whole database its name is a LIKE pattern, in one on a table it is literal.
  const matches =
    table === '*' ? like(unquote(database), scope.database) : unquote(database) === scope.database;
  return matches && (table === '*' || (scope.table !== undefined && unquote(table) === scope.table));
}

/** MariaDB names columns in backticks only where it must; both compare them without case. */
function unquoted(column: string): string {
  return (column.startsWith('`') ? unquote(column) : column).toLowerCase();
}

function unquote(name: string): string {
  return name.slice(1, -1).replaceAll('``', '`');
}

function like(pattern: string, name: string): boolean {
  const source = pattern.replaceAll(/\\?[\s\S]/g, (one) =>
    one === '%' ? '.*' : one === '_' ? '.' : one.slice(-1).replace(/[.*+?^${}()|[\]\\]/, '\\$&'),
  );
  return new RegExp(`^${source}$`, 's').test(name);
}
