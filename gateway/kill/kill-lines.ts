import { KILL_CONSENTS, type KillConsent } from '../../contexts/index.ts';

/** One line of the kill file that names contexts. */
export interface KillLine {
  /** A name, or `*`. */
  readonly context: string;
  readonly action: 'kill' | 'release';
  readonly consent: KillConsent | undefined;
  /** What stands behind `#`. */
  readonly reason: string | undefined;
}

/**
 * Reads the kill file: one context a line, or `*` (also `--all`) for all; behind it `accept-loss` or `hold-writes`
 * where its writes have moved, or `release`; behind `#` the reason. Empty lines and lines of a reason alone say nothing.
 */
export function parseKillLines(text: string): { lines: KillLine[]; mistakes: string[] } {
  const lines: KillLine[] = [];
  const mistakes: string[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const hash = line.indexOf('#');
    const said = (hash < 0 ? line : line.slice(0, hash)).trim();
    const reason = hash < 0 ? undefined : line.slice(hash + 1).trim() || undefined;
    if (said === '') continue;
    const [name = '', ...words] = said.split(/\s+/);
    const word = words[0]?.replace(/^--/, '');
    const consent = KILL_CONSENTS.find((known) => known === word);
    const action = word === 'release' ? 'release' : 'kill';
    if (words.length > 1 || (word !== undefined && consent === undefined && action === 'kill'))
      mistakes.push(
        `line ${index + 1} is '${said}'; required: a context or *, then accept-loss, hold-writes, release or nothing`,
      );
    // The name counts all the same: at night a wrong word must not keep the extracted service in the way.
    lines.push({ context: name === '--all' ? '*' : name, action, consent, reason });
  }
  return { lines, mistakes };
}

/** The line that counts for a context: of several the first, and its own before `*`. */
export function lineFor(lines: readonly KillLine[], context: string): KillLine | undefined {
  return lines.find((line) => line.context === context) ?? lines.find((line) => line.context === '*');
}
