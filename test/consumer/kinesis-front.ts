import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the front does with a call: lets it through, answers it with an error, or drops the connection. */
export type Treatment = 'pass' | 'drop' | { readonly status: number; readonly type: string };

/** Stands in front of the Kinesis emulator and treats each call as `treat` says; `calls` are the operations seen. */
export async function startKinesisFront(
  target: string,
  treat: (operation: string, body: string) => Treatment,
): Promise<{ url: string; calls: string[]; close(): Promise<void> }> {
  const calls: string[] = [];
  const server: Server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const body = Buffer.concat(chunks);
      const operation = String(incoming.headers['x-amz-target']).split('.')[1] ?? '';
      calls.push(operation);
      const treatment = treat(operation, body.toString());
      if (treatment === 'drop') return void incoming.socket.destroy();
      if (treatment !== 'pass') {
        outgoing.writeHead(treatment.status, {
          'content-type': 'application/x-amz-json-1.1',
          'x-amzn-errortype': treatment.type,
        });
        return void outgoing.end(JSON.stringify({ __type: treatment.type, message: 'from the front' }));
      }
      const forward = request(
        new URL(incoming.url ?? '/', target),
        { method: incoming.method, headers: incoming.headers },
        (answer) => {
          outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
          answer.pipe(outgoing);
        },
      );
      forward.on('error', () => incoming.socket.destroy());
      forward.end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
