import { randomBytes } from 'node:crypto';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../contexts/index.ts';

export interface AdminToken {
  readonly owner: string;
  readonly token: string;
}

/** Where a command on the same host finds the token when the configuration has none. */
export function adminTokenFile(config: Config): string {
  return join(config.gateway.stateDir, 'admin.token');
}

/**
 * The tokens that the admin API takes: the configuration's, or, when it has none, one made at the first start
 * that only this user can read; its owner is called `local`.
 */
export async function adminTokens(config: Config): Promise<readonly AdminToken[]> {
  if (config.control.tokens.length > 0) return config.control.tokens;
  const file = adminTokenFile(config);
  await mkdir(config.gateway.stateDir, { recursive: true });
  await writeFile(file, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') {
        throw new Error(
          `can't write the admin token to ${file}: ${error.message}; make the folder writable, or put tokens into control.tokens`,
          { cause: error },
        );
      }
    },
  );
  const { mode } = await stat(file);
  if ((mode & 0o077) !== 0) {
    throw new Error(
      `${file} can be read by others (mode ${(mode & 0o777).toString(8)}, required 600): delete it, and a new token is made at the next start`,
    );
  }
  return [{ owner: 'local', token: (await readFile(file, 'utf8')).trim() }];
}
