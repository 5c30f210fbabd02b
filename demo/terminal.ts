/** What the demo says, with one line at the bottom that lives while it is a terminal. */
export interface Terminal {
  /** A heading of the story. */
  heading(text: string): void;
  say(text?: string): void;
  /** What it is doing while the reader waits. */
  step(text: string): void;
  /** A command and what it answered. */
  command(line: string, output: string): void;
  /** Replaces the live line; nothing unless it is a terminal. */
  live(text: string): void;
}

export function openTerminal(stream: NodeJS.WriteStream = process.stdout): Terminal {
  const tty = stream.isTTY === true;
  const paint = (code: string, text: string) =>
    tty && !process.env['NO_COLOR'] ? `\x1b[${code}m${text}\x1b[0m` : text;
  let bottom = '';
  const clear = () => (bottom && tty ? '\r\x1b[2K' : '');
  const say = (text = '') => stream.write(`${clear()}${text}\n${bottom}`);
  const live = (text: string) => {
    if (!tty) return;
    const next = text && paint('2', text.slice(0, (stream.columns ?? 80) - 1));
    stream.write(`${clear()}${next}`);
    bottom = next;
  };
  return {
    say,
    step: (text) => (tty ? live(text) : say(text)),
    heading: (text) => say(`\n${paint('1;32', text)}`),
    command(line, output) {
      say(paint('36', `$ ${line}`));
      for (const row of output.trimEnd().split('\n')) say(`  ${row}`);
    },
    live,
  };
}
