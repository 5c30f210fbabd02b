/**
 * The statements of an SQL script as the `mysql` client reads it, DELIMITER lines included; without delimiters.
 * Comments stay inside statements (one that begins with `/*!` is code); what is nothing but comments is left out.
 */
export function splitSql(script: string): string[] {
  const statements: string[] = [];
  let delimiter = ';';
  let start = 0;
  let at = 0;
  let hasCode = false;
  const end = () => {
    if (hasCode) statements.push(script.slice(start, at).trim());
    hasCode = false;
  };
  while (at < script.length) {
    const command = hasCode ? undefined : delimiterCommand(script, at);
    if (command) {
      delimiter = command.delimiter;
      at = start = command.end;
    } else if (script.startsWith(delimiter, at)) {
      end();
      at += delimiter.length;
      start = at;
    } else {
      const comment = commentEnd(script, at);
      const next = comment ?? quoteEnd(script, at) ?? at + 1;
      const isCode = comment === undefined ? !/\s/.test(script[at] ?? '') : script.startsWith('/*!', at);
      if (isCode && !hasCode) {
        // The comments before the first word belong to no statement.
        hasCode = true;
        start = at;
      }
      at = next;
    }
  }
  end();
  return statements;
}

/** A line `DELIMITER ;;`, which is the client's own command and ends with its line. */
function delimiterCommand(script: string, at: number): { delimiter: string; end: number } | undefined {
  if (at > 0 && script[at - 1] !== '\n') return undefined;
  const line = /^[ \t]*DELIMITER[ \t]+(\S+)[^\n]*(?:\n|$)/i.exec(script.slice(at, at + 200));
  return line?.[1] === undefined ? undefined : { delimiter: line[1], end: at + line[0].length };
}

function commentEnd(script: string, at: number): number | undefined {
  if (script.startsWith('/*', at)) return after(script, '*/', at + 2);
  const toEndOfLine = script[at] === '#' || /^--(?:\s|$)/.test(script.slice(at, at + 3));
  return toEndOfLine ? after(script, '\n', at) : undefined;
}

function quoteEnd(script: string, at: number): number | undefined {
  const quote = script[at];
  if (quote !== "'" && quote !== '"' && quote !== '`') return undefined;
  for (let index = at + 1; index < script.length; index++) {
    // A doubled quote ends one string and begins the next, which comes to the same.
    if (script[index] === quote) return index + 1;
    if (script[index] === '\\' && quote !== '`') index++;
  }
  return script.length;
}

function after(script: string, text: string, from: number): number {
  const found = script.indexOf(text, from);
  return found === -1 ? script.length : found + text.length;
}
