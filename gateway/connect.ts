import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { closeSoon } from './linger.ts';
import { plainAnswer } from './plain-answer.ts';
import { tellRefusal, type Telling } from './refusal.ts';
import { afterAnswers } from './turns.ts';

/**
 * Answers CONNECT with 501 (RFC 9110 §15.6.2): a tunnel to whatever host a client names is nothing that a gateway in
 * front of one site has to offer. Node would close the connection without a word.
 */
export function refuseConnect(server: Server, telling: Telling): void {
  server.on('connect', (request, stream) => {
    const socket = stream as Socket;
    // Node has let go of the connection: nobody else would take its error, or read it to its end.
    socket.on('error', () => socket.destroy());
    socket.resume();
    afterAnswers(socket, () => {
      const client = socket.remoteAddress;
      const reason = 'it asks for a tunnel';
      tellRefusal(telling, { status: 501, limit: 'tunnel', method: 'CONNECT', client, reason }, request);
      closeSoon(socket, plainAnswer(501));
    });
  });
}
