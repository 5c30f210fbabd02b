/** An identifier in backticks, whatever characters it has. */
export function identifier(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

/** A string literal for a session without NO_BACKSLASH_ESCAPES; capture sets its own sql_mode. */
export function literal(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}
