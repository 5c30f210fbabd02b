import { until } from '../../support/until.ts';
import type { Lane } from './lane.ts';
import type { Fixture, Message } from './llhttp-fixtures.ts';

/** How a fixture's bytes reach the gateway. */
export const WAYS = ['alone', 'behind', 'inside'] as const;
export type Way = (typeof WAYS)[number];

const BEFORE = 'GET /before HTTP/1.1\r\nHost: fixture\r\n\r\n';
const PAUSED = [22, 23];

/** What a strict parser must make of the bytes: whole requests, and what becomes of the connection after them. */
interface Expected {
  readonly requests: readonly Pick<Message, 'method' | 'target' | 'body'>[];
  readonly end: 'open' | 'refused' | 'waiting' | 'upgrade';
  /** The request that begins and never becomes whole; its bytes may reach the origin, as a request that breaks off. */
  readonly begun: Message | undefined;
}

/** llhttp's log, with what RFC 9112 §3.2 asks for besides: a Host. */
function expectedOf({ messages, error, skipBody }: Fixture): Expected {
  const requests: Message[] = [];
  // A server takes the body that the length speaks of.
  if (skipBody && messages[0]!.hasHost)
    return { requests, end: 'waiting', begun: { ...messages[0]!, complete: false } };
  for (const message of messages) {
    if (message.headEnd >= 0 && !message.hasHost && message.version !== '1.0')
      return { requests, end: 'refused', begun: message };
    if (!message.complete) return { requests, end: error ? 'refused' : 'waiting', begun: message };
    requests.push(message);
  }
  const end = !error || error.code === 5 ? 'open' : PAUSED.includes(error.code) ? 'upgrade' : 'refused';
  return { requests, end, begun: undefined };
}

/** Sends a fixture in one of the ways; undefined when all that could be seen is as it must be, else what was not. */
export async function judgeRequest(lane: Lane, fixture: Fixture, way: Way): Promise<string | undefined> {
  const { bytes } = fixture;
  if (way === 'inside') {
    const body = { method: 'POST', target: '/around', body: bytes };
    const half = bytes.length >> 1;
    const chunks = [bytes.slice(0, half), bytes.slice(half), '']
      .filter((part, index) => part !== '' || index === 2)
      .map((part) => `${part.length.toString(16)}\r\n${part}\r\n`);
    const head = 'POST /around HTTP/1.1\r\nHost: fixture\r\nTransfer-Encoding: chunked\r\n\r\n';
    return judge(lane, head + chunks.join(''), { requests: [body], end: 'open', begun: undefined }, false);
  }
  const expected = expectedOf(fixture);
  if (way === 'alone') return judge(lane, bytes, expected, fixture.lenient);
  const requests = [{ method: 'GET', target: '/before', body: '' }, ...expected.requests];
  return judge(lane, BEFORE + bytes, { ...expected, requests }, fixture.lenient);
}

/** `loose`: what reaches the origin need only be the beginning of what is expected, if the rest is refused. */
async function judge(
  lane: Lane,
  bytes: string,
  expected: Expected,
  loose: boolean,
): Promise<string | undefined> {
  lane.forget();
  const { monolith } = lane;
  const client = lane.connect();
  client.write(bytes);
  const methods = [...expected.requests, ...(expected.begun ? [expected.begun] : [])].map(
    ({ method }) => method,
  );
  const wanted = expected.requests.length + (expected.end === 'refused' ? 1 : 0);
  const seen = () => client.answers(methods).whole;
  if (!loose)
    await until('its end', () => client.closed() || seen().length >= wanted, 20_000, 1).catch(() => {});
  await lane.settle();
  const { whole, rest } = client.answers(methods);
  const closed = client.closed();
  const unfinished = monolith.unfinished();
  client.socket.destroy();
  const sent = expected.requests.map(lineOf);
  const came = monolith.received.map(lineOf);

  if (monolith.nonsense.length > 0) return `nonsense at the origin: ${show(monolith.nonsense)}`;
  for (const part of unfinished)
    if (
      expected.begun?.complete !== false ||
      !part.startsWith(`${expected.begun.method} ${expected.begun.target} `)
    )
      return `half a request at the origin: ${show(part)}`;
  if (rest !== '') return `something after the answers: ${show(rest)}`;
  const own = whole.filter(({ status }) => status === 200).map(({ body }) => body);
  const answered = monolith.received.map(({ method, target }) =>
    method === 'HEAD' ? '' : `${method} ${target}`,
  );
  if (own.some((body, index) => body !== answered[index])) return `answers ${show(own)} to ${show(came)}`;
  if (loose) {
    if (came.some((line, index) => line !== sent[index])) return `came: ${came.join(', ')}`;
    return undefined;
  }
  if (came.join('\n') !== sent.join('\n')) return `came: ${came.join(', ') || 'nothing'}`;
  const refusals = whole.slice(own.length).map(({ status }) => status);
  if (own.length !== sent.length) return `${own.length} answers, then ${refusals.join()}, closed: ${closed}`;
  if (expected.end === 'refused' && (!(refusals[0]! >= 400) || !closed)) return 'not refused';
  if ((expected.end === 'open' || expected.end === 'waiting') && refusals.length > 0)
    return `refused with ${refusals.join()}`;
  return undefined;
}

function lineOf({ method, target, body }: Pick<Message, 'method' | 'target' | 'body'>): string {
  return `${method} ${target}${body === '' ? '' : ` ${JSON.stringify(body)}`}`;
}

const show = (what: unknown) => JSON.stringify(what);
