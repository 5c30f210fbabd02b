import { connect, type Socket } from 'node:net';

/** One whole answer, as latin1. */
export interface Answer {
  readonly status: number;
  readonly reason: string;
  /** Lines of the head after the first. */
  readonly fields: readonly string[];
  readonly body: string;
  readonly trailers: readonly string[];
}

/** One connection to a server, and what came back on it. */
export interface RawClient {
  readonly socket: Socket;
  /** Everything that came, as latin1. */
  got(): string;
  /** The server has closed, or broken, the connection. */
  closed(): boolean;
  /** Final answers that are whole, to requests with these methods in order (GET unless given), and what is left over. */
  answers(methods?: readonly string[]): { whole: Answer[]; informational: Answer[]; rest: string };
  /** Takes whole answers to GET out of what came. */
  take(): Answer[];
  write(bytes: string): void;
}

export function openRaw(url: string): RawClient {
  const { hostname, port } = new URL(url);
  const socket = connect({ port: Number(port), host: hostname, noDelay: true });
  let got = '';
  let closed = false;
  socket.on('data', (chunk) => (got += chunk.toString('latin1')));
  socket.on('error', () => {});
  socket.on('end', () => (closed = true)).on('close', () => (closed = true));
  return {
    socket,
    got: () => got,
    closed: () => closed,
    answers: (methods = []) => readAnswers(got, methods, closed),
    take() {
      const { whole, rest } = readAnswers(got, [], closed);
      got = rest;
      return whole;
    },
    write: (bytes) => void socket.write(bytes, 'latin1'),
  };
}

/** Reads answers literally (RFC 9112 §6.3), without a parser of Node's. */
export function readAnswers(bytes: string, methods: readonly string[], closed: boolean) {
  const whole: Answer[] = [];
  const informational: Answer[] = [];
  let rest = bytes;
  for (;;) {
    const found = readAnswer(rest, methods[whole.length] ?? 'GET', closed);
    if (!found) return { whole, informational, rest };
    rest = rest.slice(found.length);
    (found.answer.status < 200 && found.answer.status !== 101 ? informational : whole).push(found.answer);
    if (found.answer.status === 101) return { whole, informational, rest };
  }
}

function readAnswer(bytes: string, method: string, closed: boolean) {
  const headEnd = bytes.indexOf('\r\n\r\n');
  const [, status, reason] = /^HTTP\/1\.1 (\d{3}) ([^\r\n]*)/.exec(bytes) ?? [];
  if (headEnd < 0 || status === undefined) return undefined;
  const fields = bytes.slice(0, headEnd).split('\r\n').slice(1);
  const from = headEnd + 4;
  const head = { status: Number(status), reason: reason!, fields };
  const done = (length: number, body = '', trailers: string[] = []) => ({
    answer: { ...head, body, trailers },
    length,
  });
  if (method === 'HEAD' || head.status < 200 || head.status === 204 || head.status === 304) return done(from);
  if (fields.some((line) => /^transfer-encoding: chunked$/i.test(line))) {
    let body = '';
    for (let at = from; ;) {
      const lineEnd = bytes.indexOf('\r\n', at);
      if (lineEnd < 0) return undefined;
      const size = Number.parseInt(bytes.slice(at, lineEnd), 16);
      at = lineEnd + 2;
      if (size === 0) {
        const end = bytes.startsWith('\r\n', at) ? at : bytes.indexOf('\r\n\r\n', at) + 2;
        if (end < 2 || bytes.length < end + 2) return undefined;
        const trailers = bytes.slice(at, end).split('\r\n').filter(Boolean);
        return done(end + 2, body, trailers);
      }
      if (bytes.length < at + size + 2) return undefined;
      body += bytes.slice(at, at + size);
      at += size + 2;
    }
  }
  const length = fields.map((line) => /^content-length:[ \t]*(\d+)[ \t]*$/i.exec(line)?.[1]).find(Boolean);
  if (length === undefined) return closed ? done(bytes.length, bytes.slice(from)) : undefined;
  const end = from + Number(length);
  return bytes.length < end ? undefined : done(end, bytes.slice(from, end));
}
