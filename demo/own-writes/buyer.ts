import { randomBytes } from 'node:crypto';
import { request as send, type Agent } from 'node:http';
import { PASSWORD, STAFF } from '../shop/seed.ts';

/** What is there of a plant, who says so. */
export interface Stock {
  readonly available: number;
  readonly price: string;
  readonly side: string;
}

/** Somebody who may order and change prices, logged in once, whose browser is another one for every session. */
export interface Buyer {
  read(url: string, session: string, sku: string): Promise<Stock>;
  /** Throws unless the shop takes it. */
  post(url: string, session: string, path: string, form: Readonly<Record<string, string>>): Promise<void>;
}

/** What the shop would call a new browser. */
export const newSession = (): string => randomBytes(16).toString('hex');

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly cookies: readonly string[];
}

const TIMEOUT = 30_000;

export async function openBuyer(agent: Agent, url: string): Promise<Buyer> {
  const exchange = (
    at: string,
    method: string,
    path: string,
    cookies: readonly string[],
    form?: URLSearchParams,
  ): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const headers = {
        cookie: cookies.join('; '),
        ...(form && { 'content-type': 'application/x-www-form-urlencoded' }),
      };
      const outgoing = send(new URL(path, at), { method, agent, headers, timeout: TIMEOUT }, (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.once('error', reject);
        incoming.once('end', () =>
          resolve({
            status: incoming.statusCode!,
            body: Buffer.concat(chunks).toString(),
            cookies: (incoming.headers['set-cookie'] ?? []).map((cookie) => cookie.split(';', 1)[0]!),
          }),
        );
      });
      outgoing.once('timeout', () => outgoing.destroy(new Error(`no answer within ${TIMEOUT} ms`)));
      outgoing.once('error', reject);
      outgoing.end(form?.toString());
    });

  const csrfIn = ({ body }: Answer) => /name="csrf" value="([^"]+)"/.exec(body)?.[1] ?? '';
  const sid = `sid=${newSession()}`;
  const asked = await exchange(url, 'GET', '/login', [sid]);
  const form = new URLSearchParams({ csrf: csrfIn(asked), email: STAFF, password: PASSWORD });
  const { status, cookies } = await exchange(url, 'POST', '/login', [sid, ...asked.cookies], form);
  if (status !== 303) throw new Error(`${STAFF} can't log in: the shop answered ${status}`);
  const login = cookies.filter((cookie) => cookie.startsWith('shop_session=')).slice(-1);
  const csrf = csrfIn(await exchange(url, 'GET', '/admin/stock', [sid, ...login]));

  return {
    async read(at, session, sku) {
      const answer = await exchange(at, 'GET', `/inventory/${sku}`, [`sid=${session}`, ...login]);
      if (answer.status !== 200) throw new Error(`GET /inventory/${sku}: ${answer.status} ${answer.body}`);
      const { available, price, served_by: side } = JSON.parse(answer.body);
      return { available, price, side };
    },
    async post(at, session, path, fields) {
      const filled = new URLSearchParams({ csrf, ...fields });
      const answer = await exchange(at, 'POST', path, [`sid=${session}`, ...login], filled);
      if (answer.status !== 303)
        throw new Error(`POST ${path}: ${answer.status} ${answer.body.slice(0, 200)}`);
    },
  };
}
