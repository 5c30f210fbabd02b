import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import {
  connect,
  createServer as createTcpServer,
  type AddressInfo,
  type Server as TcpServer,
  type Socket,
} from 'node:net';
import { onTestFinished } from 'vitest';

/** What a server got: the request's head as it was, and its body. */
export interface Seen {
  readonly method: string;
  readonly target: string;
  readonly fields: string[];
  readonly body: string;
  readonly trailers: string[];
}

export interface TestUpstream {
  readonly url: string;
  readonly server: Server;
  readonly seen: Seen[];
  stop(): Promise<void>;
}

type Respond = (request: IncomingMessage, response: ServerResponse, body: string) => void;

/** A real HTTP server that keeps what it got, and answers with its name unless told otherwise. */
export async function startUpstream(name: string, respond?: Respond): Promise<TestUpstream> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('error', () => {});
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('latin1');
      const { method, url, rawHeaders, rawTrailers } = request;
      seen.push({ method: method!, target: url!, fields: rawHeaders, body, trailers: rawTrailers });
      if (respond) respond(request, response, body);
      else response.end(name);
    });
  });
  const url = await listening(server);
  return { url, server, seen, stop: () => stopped(server) };
}

/** A server that gets the bare sockets. */
export async function startRaw(
  onSocket: (socket: Socket) => void,
): Promise<{ url: string; sockets(): Socket[]; stop(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    onSocket(socket);
  });
  const stop = async () => {
    for (const socket of sockets) socket.destroy();
    await stopped(server);
  };
  const url = await listening(server, stop);
  return { url, sockets: () => [...sockets], stop };
}

/** A port that nobody listens on, and that nobody gets while the test runs: a client's connection holds it. */
export async function closedUrl(): Promise<string> {
  const other = await startRaw(() => {});
  const { hostname, port } = new URL(other.url);
  const client = connect(Number(port), hostname);
  client.on('error', () => {});
  await new Promise<void>((resolve) => client.once('connect', resolve));
  onTestFinished(() => void client.destroy());
  return `http://127.0.0.1:${client.localPort}`;
}

async function listening(server: Server | TcpServer, stop = () => stopped(server)): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(stop);
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function stopped(server: Server | TcpServer): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    if ('closeAllConnections' in server) server.closeAllConnections();
  });
}

/** A field's values in a raw list. */
export function valuesOf(fields: readonly string[], name: string): string[] {
  return fields.filter((_, index) => index % 2 === 1 && fields[index - 1]!.toLowerCase() === name);
}
