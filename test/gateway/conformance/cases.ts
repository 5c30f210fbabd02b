import { expect } from 'vitest';
import { until } from '../../support/until.ts';
import type { Lane } from './lane.ts';
import type { RawClient } from './raw-client.ts';
import type { Received } from './recording-origin.ts';

/** One case of a clause: `run` rejects when the clause is not kept. */
export interface Case {
  /** Section of the RFC. */
  readonly section: string;
  readonly what: string;
  readonly run: (lane: Lane) => Promise<void>;
}

/** What must be seen, at the origin and by the client. */
export interface Wanted {
  /** Method, target and body (if any) of the requests at the origin, in order. */
  readonly reaches?: readonly string[];
  /** The same at the extracted service. */
  readonly service?: readonly string[];
  /** In the fields of the first request, one a line. */
  readonly fields?: RegExp | readonly RegExp[];
  /** Not in them. */
  readonly without?: RegExp;
  readonly trailers?: readonly string[];
  /** Statuses of the final answers; one 200 unless given. */
  readonly statuses?: readonly number[];
  readonly bodies?: readonly string[];
  /** In everything that the client got. */
  readonly got?: RegExp;
  readonly notGot?: RegExp;
  /** Whether the gateway has ended the connection. */
  readonly closed?: boolean;
}

const PATIENCE = 20_000;

/** Bytes that the client sends, what the origin says to them (200 unless given), and what must be seen. */
export function exchange(
  sent: string,
  wanted: Wanted,
  answer?: string | ((request: Received) => string | undefined),
): Case['run'] {
  return async (lane) => {
    if (answer !== undefined)
      lane.monolith.answer = (request) => (typeof answer === 'string' ? answer : answer(request));
    const client = lane.connect();
    client.write(sent);
    await see(lane, client, wanted, methodsIn(sent));
  };
}

/** The same, with an origin that ends its connection after these bytes. */
export function lastWords(sent: string, wanted: Wanted, answer: string): Case['run'] {
  return async (lane) => {
    lane.monolith.answer = (_request, socket) => void socket.end(answer, 'latin1');
    const client = lane.connect();
    client.write(sent);
    await see(lane, client, wanted, methodsIn(sent));
  };
}

/** It is answered with this status and the end of the connection, and reaches nobody. */
export const refused = (sent: string, ...statuses: number[]): Case['run'] =>
  exchange(sent, { reaches: [], statuses, closed: true });

export async function see(
  { monolith, inventory, settle }: Lane,
  client: RawClient,
  wanted: Wanted,
  methods: readonly string[] = [],
): Promise<void> {
  const { statuses = [200] } = wanted;
  const answers = () => client.answers(methods).whole;
  await until('the answers', () => client.closed() || answers().length >= statuses.length, PATIENCE, 2);
  await settle();
  const { whole, rest } = client.answers(methods);
  expect(whole.map(({ status }) => status)).toEqual(statuses);
  expect(rest).toBe('');
  if (wanted.closed) await until('the end of the connection', client.closed, PATIENCE, 2);
  const line = ({ method, target, body }: Received) => `${method} ${target}${body === '' ? '' : ` ${body}`}`;
  if (wanted.reaches) expect(monolith.received.map(line)).toEqual(wanted.reaches);
  if (wanted.service) expect(inventory.received.map(line)).toEqual(wanted.service);
  expect([...monolith.nonsense, ...inventory.nonsense, ...monolith.unfinished()]).toEqual([]);
  const first = monolith.received[0];
  const fields = first?.fields.join('\n') ?? '';
  for (const pattern of [wanted.fields ?? []].flat()) expect(fields).toMatch(pattern);
  if (wanted.without) expect(fields).not.toMatch(wanted.without);
  if (wanted.trailers) expect(first?.trailers).toEqual(wanted.trailers);
  if (wanted.bodies) expect(whole.map(({ body }) => body)).toEqual(wanted.bodies);
  if (wanted.got) expect(client.got()).toMatch(wanted.got);
  if (wanted.notGot) expect(client.got()).not.toMatch(wanted.notGot);
  if (wanted.closed !== undefined) expect(client.closed()).toBe(wanted.closed);
}

/** A head of these lines; after the blank line the body. */
export const message = (lines: readonly string[], body = ''): string =>
  `${lines.join('\r\n')}\r\n\r\n${body}`;

/** A request with a Host. */
export const request = (first: string, fields: readonly string[] = [], body = ''): string =>
  message([`${first} HTTP/1.1`, 'Host: shop', ...fields], body);

/** A request with a chunked body, as it stands. */
export const chunked = (body: string, fields: readonly string[] = []): string =>
  request('POST /a', ['Transfer-Encoding: chunked', ...fields], body);

/** An answer with a length. */
export const ok = (fields: readonly string[] = [], body = 'ok'): string =>
  message(['HTTP/1.1 200 OK', ...fields, `Content-Length: ${body.length}`], body);

/** The methods of the requests in these bytes, for answers that depend on them. */
function methodsIn(sent: string): string[] {
  return [...sent.matchAll(/^([A-Z]+) \S+ HTTP\//gm)].map(([, method]) => method!);
}
