import { randomBytes, randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Config } from '../contexts/index.ts';
import { ifMissing, isErrno } from './store/errno.ts';

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
  try {
    const token = await readToken(file);
    return [{ owner: 'local', token: token || (await makeToken(file)) }];
  } catch (error) {
    if (!isErrno(error)) throw error;
    throw new Error(
      `can't use the admin token in ${file}: ${error.message}; make the folder writable, or put tokens into control.tokens`,
      { cause: error },
    );
  }
}

/** The token; empty when there is none yet, or when a crash or a full disk left the file empty. */
async function readToken(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch(ifMissing(''));
  const token = text.trim();
  if (token === '') return '';
  const { mode } = await stat(file);
  if ((mode & 0o077) !== 0) {
    throw new Error(
      `${file} can be read by others (mode ${(mode & 0o777).toString(8)}, required 600): delete it, and a new token is made at the next start`,
    );
  }
  return token;
}

/** The file appears whole or not at all. Of two processes that start at once, the first one's token is both's. */
async function makeToken(file: string): Promise<string> {
  await mkdir(dirname(file), { recursive: true });
  const temporary = `${file}.${randomUUID()}`;
  try {
    await writeFile(temporary, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600, flush: true });
    if ((await readFile(file, 'utf8').catch(ifMissing(undefined)))?.trim() === '')
      await rename(temporary, file);
    else await link(temporary, file).catch(ifThere);
  } finally {
    await rm(temporary, { force: true });
  }
  return readToken(file);
}

function ifThere(error: unknown): void {
  if (!isErrno(error, 'EEXIST')) throw error;
}
