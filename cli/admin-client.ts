import { readFileSync } from 'node:fs';
import { adminTokenFile } from '../control-plane/client.ts';
import type { Config } from '../contexts/index.ts';
import { UsageError } from './usage-error.ts';

export interface AdminClientOptions {
  /** `http://host:port`; `control.admin` unless given. */
  readonly url?: string | undefined;
  /** A bearer token; `BANYAN_TOKEN`, else the token file of this host unless given. */
  readonly token?: string | undefined;
}

/** The admin API as a command sees it. A refusal of the API is thrown as an AdminError or, a caller's mistake, a UsageError. */
export interface AdminClient {
  readonly url: string;
  get<T>(path: string): Promise<T>;
  post<T>(path: string, body: unknown): Promise<T>;
  delete<T>(path: string): Promise<T>;
}

/** What the API answered instead of what was asked for: problem details (RFC 9457). */
export class AdminError extends Error {
  readonly status: number;
  readonly problem: Readonly<Record<string, unknown>>;

  constructor(status: number, problem: Readonly<Record<string, unknown>>) {
    super(String(problem['detail'] ?? problem['title'] ?? `the admin API answered ${status}`));
    this.status = status;
    this.problem = problem;
  }
}

/** Longer than the longest wait that `set` can ask for, in milliseconds. */
const PATIENCE = 75_000;

export function adminClient(
  config: Config,
  options: AdminClientOptions = {},
  env: NodeJS.ProcessEnv = process.env,
): AdminClient {
  const url = (options.url ?? env['BANYAN_ADMIN'] ?? `http://${config.control.admin}`).replace(/\/+$/, '');
  const token = options.token ?? env['BANYAN_TOKEN'] ?? tokenOfThisHost(config);

  async function send<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(PATIENCE),
    }).catch((cause: Error) => {
      throw new Error(unreachable(config, url, cause), { cause });
    });
    const text = await response.text();
    if (response.ok) return JSON.parse(text) as T;
    const problem = parseProblem(text) ?? {
      detail: `${url} answered ${response.status} to ${method} ${path}, and not as the admin API does; check the address`,
    };
    const error = new AdminError(response.status, problem);
    throw [400, 404, 422].includes(response.status) ? new UsageError(error.message, { cause: error }) : error;
  }

  return {
    url,
    get: (path) => send('GET', path),
    post: (path, body) => send('POST', path, body),
    delete: (path) => send('DELETE', path),
  };
}

function tokenOfThisHost(config: Config): string {
  const file = adminTokenFile(config);
  if (config.control.tokens.length > 0) {
    throw new UsageError(
      'the admin API wants one of the tokens of control.tokens, so that the audit can name you: give yours with --token or in BANYAN_TOKEN',
    );
  }
  try {
    const token = readFileSync(file, 'utf8').trim();
    if (token === '')
      throw new Error(`no token: ${file} is empty; the next start of the admin API on this host renews it`);
    return token;
  } catch (cause) {
    if (!(cause as NodeJS.ErrnoException).syscall) throw cause;
    const why =
      (cause as NodeJS.ErrnoException).code === 'ENOENT'
        ? 'is not there: it is made when the admin API starts (`banyan gateway` or `banyan control-plane`, on this host, from this folder)'
        : `can't be read: ${(cause as Error).message}`;
    throw new Error(`no token: ${file} ${why}; or give a token with --token or in BANYAN_TOKEN`, { cause });
  }
}

function unreachable(config: Config, url: string, cause: Error): string {
  const reason = cause.cause instanceof Error ? cause.cause.message || cause.message : cause.message;
  const start = config.control.store === 'file' ? '`banyan gateway`' : '`banyan control-plane`';
  return `can't reach the admin API at ${url}: ${reason}; start it with ${start}, or name another address with --admin or BANYAN_ADMIN`;
}

function parseProblem(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
