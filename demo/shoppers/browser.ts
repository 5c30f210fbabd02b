import { request as send, type Agent } from 'node:http';
import { fallbackIn, observe, type Tally } from './tally.ts';

export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly location: string | undefined;
}

export type Check = (answer: Answer) => string | undefined;

/** A browser without a screen: cookies, links, forms. Everything that it sees goes into the tally. */
export interface Browser {
  /** `check` says what is wrong with an answer of status 200, if something is: that is a failure, too. */
  get(path: string, check?: Check): Promise<Answer>;
  /** Sends a form with the CSRF token of the page that was loaded last. */
  post(path: string, form: Record<string, string | number>, ...alsoExpected: number[]): Promise<Answer>;
  readonly cohort: string | undefined;
  /** The field as it is sent: `sid=…; shop_session=…`. */
  readonly cookies: string;
}

interface AnsweredBy {
  readonly side: string;
  readonly fallback: string | undefined;
}

const TIMEOUT = 30_000;

export function openBrowser({ agent, url, tally }: { agent: Agent; url: string; tally: Tally }): Browser {
  const cookies = new Map<string, string>();
  let csrf = '';

  const cookieField = () => [...cookies].map((pair) => pair.join('=')).join('; ');

  async function exchange(
    method: string,
    path: string,
    form: string | undefined,
    expected: number[],
    check?: Check,
  ): Promise<Answer> {
    const began = performance.now();
    const stage = tally.stage;
    const cohort = cookies.get('sid');
    const seen = (result: number | string, by?: AnsweredBy) =>
      observe(tally, stage, {
        request: `${method} ${path}`,
        result,
        expected: expected.includes(result as number),
        milliseconds: performance.now() - began,
        ...(path.startsWith('/inventory/') && cohort && by?.side && { read: { cohort, ...by } }),
      });
    try {
      const { by, ...answer } = await perform(method, path, form);
      seen((answer.status === 200 && check?.(answer)) || answer.status, by);
      csrf = /name="csrf" value="([^"]+)"/.exec(answer.body)?.[1] ?? csrf;
      return answer;
    } catch (error) {
      seen(
        error instanceof Error
          ? error.message || String((error as NodeJS.ErrnoException).code)
          : String(error),
      );
      return { status: 0, body: '', location: undefined };
    }
  }

  function perform(method: string, path: string, form?: string): Promise<Answer & { by: AnsweredBy }> {
    return new Promise((resolve, reject) => {
      const headers: Record<string, string | number> = {};
      if (cookies.size > 0) headers['cookie'] = cookieField();
      if (form !== undefined) {
        headers['content-type'] = 'application/x-www-form-urlencoded';
        headers['content-length'] = Buffer.byteLength(form);
      }
      const request = send(new URL(path, url), { method, agent, headers, timeout: TIMEOUT }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('error', reject);
        response.once('end', () => {
          keep(response.headers['set-cookie'] ?? []);
          const body = Buffer.concat(chunks).toString();
          const { location, 'x-served-by': side, 'server-timing': timing } = response.headers;
          const by = { side: String(side ?? ''), fallback: fallbackIn(timing) };
          resolve({ status: response.statusCode ?? 0, body, location, by });
        });
      });
      request.once('timeout', () => request.destroy(new Error(`no answer within ${TIMEOUT} ms`)));
      request.once('error', reject);
      request.end(form);
    });
  }

  function keep(lines: readonly string[]): void {
    for (const line of lines) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value) cookies.set(name, value);
      else cookies.delete(name);
    }
  }

  return {
    get: (path, check) => exchange('GET', path, undefined, [200], check),
    post: (path, form, ...alsoExpected) =>
      exchange(
        'POST',
        path,
        new URLSearchParams({
          csrf,
          ...Object.fromEntries(Object.entries(form).map(([k, v]) => [k, String(v)])),
        }).toString(),
        [303, ...alsoExpected],
      ),
    get cohort() {
      return cookies.get('sid');
    },
    get cookies() {
      return cookieField();
    },
  };
}
