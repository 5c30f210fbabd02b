// A process of its own that outlives ours for a moment: `node watchdog.ts`, told on its stdin what we own.
// When that pipe closes, however our process ended, whatever is still on the list is ended and deleted.
import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { Belonging } from './when-we-die.ts';

const GRACE = 3_000;
const belongings = new Map<number, Belonging>();

for await (const line of createInterface({ input: process.stdin })) {
  const told = JSON.parse(line) as { id: number; belonging?: Belonging };
  if (told.belonging) belongings.set(told.id, told.belonging);
  else belongings.delete(told.id);
}

const left = [...belongings.values()];
await Promise.all(left.map((belonging) => ('group' in belonging ? endGroup(belonging.group) : undefined)));
for (const belonging of left) if ('command' in belonging) await run(belonging.command);
for (const belonging of left) {
  if ('path' in belonging) await rm(belonging.path, { recursive: true, force: true }).catch(() => {});
}

async function endGroup(group: number): Promise<void> {
  const deadline = Date.now() + GRACE;
  signal(group, 'SIGTERM');
  while (signal(group, 0) && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
  signal(group, 'SIGKILL');
}

/** False when nobody is left in the process group. */
function signal(group: number, what: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-group, what);
  } catch {
    return false;
  }
}

function run([command = '', ...args]: readonly string[]): Promise<void> {
  return new Promise((resolve) => void execFile(command, args, () => resolve()));
}
