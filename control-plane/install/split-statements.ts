/**
 * The statements of an SQL text, without their `;` and without comments around them. Quotes ('…', "…", `…`,
 * doubled or escaped with \), and the three kinds of comments are passed over; DELIMITER isn't known.
 */
export function splitStatements(text: string): string[] {
  const token =
    /'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|`(?:[^`]|``)*`|--(?=\s|$)[^\n]*|#[^\n]*|\/\*[\s\S]*?\*\/|;/gs;
  const statements: string[] = [];
  let statement = '';
  let from = 0;
  const take = (to: number) => {
    statement += text.slice(from, to);
    // A comment before the first word belongs to no statement.
    if (statement.trim() === '') statement = '';
  };
  for (const { 0: found, index } of text.matchAll(token)) {
    take(index);
    from = index + found.length;
    const comment = /^(?:--|#|\/\*(?![!M]))/.test(found);
    if (found === ';') {
      if (statement !== '') statements.push(statement.trim());
      statement = '';
    } else if (!(comment && statement === '')) {
      statement += found;
    }
  }
  take(text.length);
  if (statement !== '') statements.push(statement.trim());
  return statements;
}
