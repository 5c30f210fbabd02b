import { stat } from 'node:fs/promises';

/**
 * Calls `changed` when the content of one of these files may have changed, and all have been left alone since the last
 * look: whoever writes them has finished. It looks at the files themselves, every `every` milliseconds, since folders
 * that are mounted or replaced by links (certbot, Kubernetes) tell nobody. Returns what ends it.
 */
export function watchFiles(
  files: () => readonly string[],
  changed: () => void,
  every = 1_000,
): { stop(): void } {
  let known: string | undefined;
  let last: string | undefined;
  let timer: NodeJS.Timeout;
  let stopped = false;
  const look = async () => {
    const now = (await Promise.all(files().map(stateOf))).join('\n');
    if (stopped) return;
    known ??= now;
    if (now !== known && now === last) {
      known = now;
      changed();
    }
    last = now;
    timer = setTimeout(look, every).unref();
  };
  void look();
  return {
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

async function stateOf(file: string): Promise<string> {
  try {
    const { ino, size, mtimeMs } = await stat(file);
    return `${file} ${ino} ${size} ${mtimeMs}`;
  } catch {
    return `${file} is not there`;
  }
}
