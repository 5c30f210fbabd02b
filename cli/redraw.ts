/** What a terminal's stream offers, `process.stdout` for one. */
export interface Screen {
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
}

/** Where a terminal doesn't say how large it is. */
const USUAL = { columns: 80, rows: 24 };

/**
 * Returns a function that writes a text of several lines over the one that it wrote before. Lines are cut at the
 * screen's width, and lines at its height: one that wrapped or scrolled off could not be reached again. A screen that
 * was made narrower since has wrapped what stands there, which is taken into account.
 */
export function redrawOn(screen: Screen): (text: string) => void {
  let before: readonly string[] = [];
  return (text) => {
    // 0 is what a terminal without a size says.
    const columns = screen.columns || USUAL.columns;
    const rows = screen.rows || USUAL.rows;
    const height = before.reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / columns)), 0);
    const lines = text
      .replace(/\n$/, '')
      .split('\n')
      .slice(0, rows - 1)
      .map((line) => [...line].slice(0, columns - 1).join(''));
    const up = Math.min(height, rows - 1);
    screen.write(`${up > 0 ? `\u001b[${up}A` : ''}\u001b[J${lines.map((line) => `${line}\n`).join('')}`);
    before = lines;
  };
}
