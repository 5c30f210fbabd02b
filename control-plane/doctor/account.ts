/** `'name'@'host'` of what CURRENT_USER() says, for a GRANT. */
export function account(user: string): string {
  const [, name = '', host = ''] = /^(.*)@(.*?)$/s.exec(user) ?? [];
  const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;
  return `${quoted(name)}@${quoted(host)}`;
}
