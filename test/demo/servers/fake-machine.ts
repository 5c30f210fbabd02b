import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { temporaryFolder } from '../../../demo/servers/temporary-folder.ts';

/** A machine as the discovery of servers sees it: one folder on its PATH, with the programs that a test puts there. */
export interface FakeMachine {
  readonly bin: string;
  readonly env: { readonly PATH: string };
  /** Puts a shell script there; `$LOG` in it is the file that `calls` reads. */
  script(name: string, body: string): Promise<void>;
  /** The lines that scripts wrote to `$LOG`. */
  calls(): Promise<string[]>;
  readonly policy: string;
}

export async function fakeMachine(): Promise<FakeMachine> {
  const folder = await temporaryFolder('banyan-machine-');
  onTestFinished(() => folder.remove());
  const bin = join(folder.path, 'bin');
  const log = join(folder.path, 'calls.log');
  await mkdir(bin);
  await writeFile(log, '');
  return {
    bin,
    env: { PATH: bin },
    policy: join(folder.path, 'policy-rc.d'),
    async script(name, body) {
      const file = join(bin, name);
      await writeFile(file, `#!/bin/sh\nLOG='${log}'\n${body}\n`);
      await chmod(file, 0o755);
    },
    async calls() {
      return (await readFile(log, 'utf8')).split('\n').filter(Boolean);
    },
  };
}
