import { until } from '../../support/until.ts';
import type { Lane } from './lane.ts';
import type { Fixture } from './llhttp-fixtures.ts';

/** What the origin does with its connection after a fixture's bytes. */
export const ENDS = ['closes', 'stays'] as const;
export type End = (typeof ENDS)[number];

type Expected =
  | { readonly is: 'whole'; readonly status: number; readonly body: string }
  /** No answer, or one that breaks off. */
  | { readonly is: '502' | 'broken' | 'waiting' };

/** What llhttp's log says that the gateway gets as the answer to its request. */
function expectedOf({ messages, error, skipBody }: Fixture, end: End): Expected {
  const message = messages.find(({ status }) => status >= 200 || status === 101 || status === 0);
  const over = error !== undefined || end === 'closes';
  if (!message || message.headEnd < 0) return { is: over ? '502' : 'waiting' };
  // Nobody asked for another protocol.
  if (message.status === 101) return { is: '502' };
  const { status, body } = message;
  if (message.complete || skipBody) return { is: 'whole', status, body };
  if (message.untilClose && !error && end === 'closes') return { is: 'whole', status, body };
  return { is: over ? 'broken' : 'waiting' };
}

/** Lets the origin answer with a fixture's bytes; undefined when the client saw what it must see, else what it saw. */
export async function judgeResponse(lane: Lane, fixture: Fixture, end: End): Promise<string | undefined> {
  lane.forget();
  lane.monolith.answer = (_request, socket) => {
    socket.write(fixture.bytes, 'latin1');
    if (end === 'closes') socket.end();
    return undefined;
  };
  const method = fixture.skipBody ? 'HEAD' : 'GET';
  const expected = expectedOf(fixture, end);
  const client = lane.connect();
  client.write(`${method} /fixture HTTP/1.1\r\nHost: fixture\r\n\r\n`);
  const over = () => client.closed() || client.answers([method]).whole.length > 0;
  if (expected.is !== 'waiting' && !fixture.lenient) await until('its end', over, 20_000, 1).catch(() => {});
  // What was sent too much must not become the answer to anybody else's request.
  const stray = await lane.settle().then(
    () => undefined,
    (error: Error) => error.message,
  );
  const { whole, rest } = client.answers([method]);
  const closed = client.closed();
  const [answer] = whole;
  client.socket.destroy();
  if (stray) return stray;
  if (lane.monolith.received.length !== 1) return `${lane.monolith.received.length} requests at the origin`;
  if (whole.length > 1) return `${whole.length} answers`;
  const saw = answer
    ? `${answer.status} ${JSON.stringify(answer.body.slice(0, 60))}`
    : `${rest === '' ? 'nothing' : 'half an answer'}, ${closed ? 'closed' : 'open'}`;
  // A parser that is stricter than the fixture's refuses, or reads the same first answer.
  if (fixture.lenient) {
    const same =
      expected.is === 'whole' && answer?.status === expected.status && answer.body === expected.body;
    return same || !answer || answer.status === 502 ? undefined : saw;
  }
  switch (expected.is) {
    case 'whole':
      return answer?.status === expected.status && answer.body === expected.body && rest === ''
        ? undefined
        : saw;
    case '502':
      return answer?.status === 502 && rest === '' ? undefined : saw;
    case 'broken':
      return (!answer && closed) || answer?.status === 502 ? undefined : saw;
    case 'waiting':
      return answer || closed ? saw : undefined;
  }
}
