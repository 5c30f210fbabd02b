import { createServer, type AddressInfo, type Socket } from 'node:net';

/** One whole request that reached the origin, as latin1. */
export interface Received {
  readonly method: string;
  readonly target: string;
  /** Lines of the head after the first. */
  readonly fields: readonly string[];
  readonly body: string;
  readonly trailers: readonly string[];
}

export interface RecordingOrigin {
  readonly url: string;
  readonly received: Received[];
  /** Bytes that were no request: neither parsed nor the beginning of one that goes on. */
  readonly nonsense: string[];
  /** What came of requests that never became whole: on connections that are open, then on those that are closed. */
  unfinished(): string[];
  /** Forgets what it has recorded, and closes connections that are in the middle of something. */
  forget(): void;
  /** Told of each head that is whole while its body is not. */
  onHead: ((head: string, socket: Socket) => void) | undefined;
  /** Stops reading requests of a connection: what it has not read yet, and all that comes, is the caller's. */
  takeOver(socket: Socket): string;
  /** How it answers; `undefined` leaves the request without an answer. It may write to the socket itself. */
  answer: (request: Received, socket: Socket) => string | undefined;
  stop(): Promise<void>;
}

/** Requests to this host are answered and not recorded. */
export const PROBE = 'probe';
const FIRST = /^([!#$%&'*+.^_`|~\w-]+) (\S+) HTTP\/1\.1$/;
const FIELD = /^[!#$%&'*+.^_`|~\w-]+: ?[^\r\n\0]*$/;

/**
 * An HTTP/1.1 server that shares no code with the gateway's parsers: it takes the framing literally, records every
 * request that is whole, and keeps apart what is not.
 */
export async function startRecordingOrigin(): Promise<RecordingOrigin> {
  const open = new Map<Socket, { rest: string; taken: boolean; head: boolean }>();
  const received: Received[] = [];
  const nonsense: string[] = [];
  const broken: string[] = [];
  const server = createServer((socket) => {
    const state = { rest: '', taken: false, head: false };
    open.set(socket, state);
    socket.on('error', () => {});
    socket.on('close', () => {
      if (open.delete(socket) && state.rest !== '') broken.push(state.rest);
    });
    socket.on('data', (chunk) => {
      if (state.taken) return;
      state.rest += chunk.toString('latin1');
      for (;;) {
        const found = takeRequest(state.rest);
        if (found === 'more') {
          const end = state.rest.indexOf('\r\n\r\n');
          if (end > 0 && !state.head) origin.onHead?.(state.rest.slice(0, end), socket);
          state.head = end > 0;
          return;
        }
        state.head = false;
        if (found === 'nonsense') {
          nonsense.push(state.rest);
          state.rest = '';
          return void socket.destroy();
        }
        state.rest = state.rest.slice(found.length);
        const probe = valuesOf(found.request.fields, 'host')[0] === PROBE;
        if (!probe) received.push(found.request);
        const answer = probe ? say(found.request) : origin.answer(found.request, socket);
        if (answer !== undefined) socket.write(answer, 'latin1');
        if (state.taken) return;
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin: RecordingOrigin = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    nonsense,
    unfinished: () => [...[...open.values()].flatMap(({ rest }) => (rest === '' ? [] : [rest])), ...broken],
    forget() {
      for (const [socket, { rest }] of open) {
        if (rest === '') continue;
        open.delete(socket);
        socket.destroy();
      }
      for (const list of [received, nonsense, broken]) list.length = 0;
    },
    takeOver(socket) {
      const state = open.get(socket)!;
      const { rest } = state;
      state.taken = true;
      state.rest = '';
      return rest;
    },
    onHead: undefined,
    answer: say,
    async stop() {
      for (const socket of open.keys()) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
  return origin;
}

/** 200 with the request's method and target. */
export function say({ method, target }: Received): string {
  const body = `${method} ${target}`;
  return `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${method === 'HEAD' ? '' : body}`;
}

/** The first request of these bytes, and how many of them it takes. */
function takeRequest(bytes: string): { request: Received; length: number } | 'more' | 'nonsense' {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd < 0) return /^[A-Za-z!#$%&'*+.^_`|~-]*( |$)/.test(bytes) ? 'more' : 'nonsense';
  const [first, ...fields] = bytes.slice(0, headEnd).split('\r\n');
  const [, method, target] = FIRST.exec(first!) ?? [];
  if (!method || !target || !fields.every((field) => FIELD.test(field))) return 'nonsense';
  const from = headEnd + 4;
  const lengths = valuesOf(fields, 'content-length');
  const codings = valuesOf(fields, 'transfer-encoding');
  if (lengths.length + codings.length > 1) return 'nonsense';
  if (codings.length > 0) {
    if (codings[0] !== 'chunked') return 'nonsense';
    const body = takeChunks(bytes, from);
    if (typeof body === 'string') return body;
    return { request: { method, target, fields, ...body.content }, length: body.end };
  }
  const length = Number(lengths[0] ?? 0);
  if (!Number.isSafeInteger(length)) return 'nonsense';
  if (bytes.length < from + length) return 'more';
  const body = bytes.slice(from, from + length);
  return { request: { method, target, fields, body, trailers: [] }, length: from + length };
}

function takeChunks(
  bytes: string,
  from: number,
): { content: { body: string; trailers: string[] }; end: number } | 'more' | 'nonsense' {
  let body = '';
  for (let at = from; ;) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd < 0) return 'more';
    const text = bytes.slice(at, lineEnd);
    if (!/^[0-9a-f]+$/i.test(text)) return 'nonsense';
    const size = Number.parseInt(text, 16);
    at = lineEnd + 2;
    if (size > 0) {
      if (bytes.length < at + size + 2) return 'more';
      body += bytes.slice(at, at + size);
      at += size;
      if (bytes.slice(at, at + 2) !== '\r\n') return 'nonsense';
      at += 2;
      continue;
    }
    const trailers: string[] = [];
    for (;;) {
      const end = bytes.indexOf('\r\n', at);
      if (end < 0) return 'more';
      const line = bytes.slice(at, end);
      at = end + 2;
      if (line === '') return { content: { body, trailers }, end: at };
      trailers.push(line);
    }
  }
}

/** A field's values in a head's lines. */
export function valuesOf(fields: readonly string[], name: string): string[] {
  return fields.flatMap((line) => {
    const colon = line.indexOf(':');
    return line.slice(0, colon).toLowerCase() === name ? [line.slice(colon + 1).trim()] : [];
  });
}
