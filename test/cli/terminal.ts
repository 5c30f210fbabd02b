/** A terminal that understands what `--watch` writes: text, line feeds, cursor up, erase to the end of the screen. */
export function terminal(columns: number, rows: number) {
  let size = { columns, rows };
  let lines: string[] = [''];
  let at = { row: 0, column: 0 };
  /** The first line that is on the screen: the cursor gets no further up. */
  const top = () => Math.max(0, lines.length - size.rows);
  const put = (character: string) => {
    if (at.column === size.columns) feed();
    lines[at.row] = `${lines[at.row]!.slice(0, at.column)}${character}${lines[at.row]!.slice(at.column + 1)}`;
    at.column += 1;
  };
  const feed = () => {
    at = { row: at.row + 1, column: 0 };
    lines[at.row] ??= '';
  };
  return {
    get columns() {
      return size.columns;
    },
    get rows() {
      return size.rows;
    },
    write(text: string) {
      // oxlint-disable-next-line no-control-regex
      for (const [, up, erase, other] of text.matchAll(/\u001b\[(\d+)A|(\u001b\[J)|([\s\S])/g)) {
        if (up !== undefined) at = { row: Math.max(top(), at.row - Number(up)), column: at.column };
        else if (erase !== undefined) {
          lines = lines.slice(0, at.row + 1);
          lines[at.row] = lines[at.row]!.slice(0, at.column);
        } else if (other === '\n') feed();
        else if (other === '\r') at.column = 0;
        else put(other!);
      }
    },
    /** Makes it narrower; lines that don't fit wrap, as in most terminals. */
    narrow(to: number) {
      size = { ...size, columns: to };
      const above = lines
        .slice(0, at.row)
        .flatMap((line) => line.match(new RegExp(`.{1,${to}}`, 'g')) ?? ['']);
      lines = [...above, ''];
      at = { row: above.length, column: 0 };
    },
    /** Everything that was written, what has scrolled off at the top included. */
    text: () => lines.join('\n').trimEnd(),
  };
}
