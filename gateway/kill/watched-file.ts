import { watch, type FSWatcher } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { Log } from '../../runtime/log.ts';
import { wait } from '../../runtime/wait.ts';
import { outage } from '../snapshot/outage.ts';
import { lineFor, parseKillLines, type KillLine } from './kill-lines.ts';
import type { KillSwitch } from './kill-switch.ts';

export interface WatchedFile {
  /** The file, where a line of it kills the context. */
  names(context: string): string | undefined;
  /** Follows the file from now on. Resolves when what it names at this moment is killed. */
  begin(killSwitch: KillSwitch): Promise<void>;
  stop(): Promise<void>;
}

/** Milliseconds between two looks into the file, for where the system doesn't tell of its changes. */
const POLL = 500;

/**
 * The kill file: a context is killed as soon as a line names it, and can't be released while one does. A line that
 * goes releases nothing. A line that says `release` does so once, when it comes: one that stands must not take back
 * what the ops port does later, and none does anything at a start. A file that can't be read says nothing new.
 */
export function watchKillFile(file: string, log: Log, poll = POLL): WatchedFile {
  const reading = outage(log, 'the kill file can’t be read', 'the kill file can be read again');
  let text = '';
  let lines: readonly KillLine[] = [];
  const told = new Set<string>();
  let watcher: FSWatcher | undefined;
  let stopped = false;
  let stale = false;
  let sleep = new AbortController();
  let loop: Promise<void> | undefined;

  const wake = () => {
    stale = true;
    sleep.abort();
  };
  const tell = (problem: string) => {
    if (!told.has(problem)) log.error({ file, problem }, 'a line of the kill file is not followed');
    told.add(problem);
  };

  /** Whether the file says something new. */
  async function read(): Promise<boolean> {
    let found = '';
    try {
      found = await readFile(file, 'utf8');
      reading.over();
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'ENOENT' && code !== 'ENOTDIR') {
        reading.fails(error);
        return false;
      }
      reading.over();
    }
    if (found === text) return false;
    text = found;
    told.clear();
    const parsed = parseKillLines(found);
    ({ lines } = parsed);
    for (const mistake of parsed.mistakes) tell(mistake);
    return true;
  }

  async function follow(killSwitch: KillSwitch, running: boolean): Promise<void> {
    const isNew = await read();
    if (lines.length === 0) return;
    const all = killSwitch.list().map(({ context }) => context);
    const named = lines.flatMap(({ context }) => (context === '*' ? all : [context]));
    for (const context of new Set(named)) {
      const { action, consent, reason } = lineFor(lines, context)!;
      if (action === 'release' && !(isNew && running)) continue;
      const order = { contexts: [context], consent, reason, by: `the file ${file}` };
      const { contexts: outcomes } = await killSwitch[action](order);
      for (const { refused } of outcomes) if (refused) tell(refused.message);
    }
  }

  return {
    names: (context) => (lineFor(lines, context)?.action === 'kill' ? file : undefined),
    async begin(killSwitch) {
      try {
        // The folder is watched: the file may not be there yet, and editors put a new one in its place.
        watcher = watch(dirname(file), { persistent: false }, (_event, name) => {
          if (name === null || name === basename(file)) wake();
        });
        watcher.on('error', () => watcher?.close());
      } catch {
        // Polling does the work.
      }
      await follow(killSwitch, false);
      loop = (async () => {
        while (!stopped) {
          if (!stale) await wait(poll, sleep.signal);
          sleep = new AbortController();
          stale = false;
          if (!stopped) await follow(killSwitch, true);
        }
      })();
    },
    async stop() {
      stopped = true;
      watcher?.close();
      sleep.abort();
      await loop;
    },
  };
}
