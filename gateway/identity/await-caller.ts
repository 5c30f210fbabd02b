import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Decision } from '../../contexts/index.ts';
import { hasBody } from '../forwarding/forwarder.ts';
import type { Identified, Identity } from './identity.ts';

/** Finds out who is calling while the request's body waits; undefined when the client goes away meanwhile. */
export async function awaitCaller(
  identity: Identity,
  decision: Decision,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Identified | undefined> {
  // Whoever counts a body has let it flow: nothing of it may be lost before it is forwarded.
  if (hasBody(request)) request.pause();
  const found = await identity.identify(decision, request);
  return response.destroyed ? undefined : found;
}

/** The same for an upgrade. */
export async function awaitUpgrader(
  identity: Identity,
  decision: Decision,
  request: IncomingMessage,
  socket: Socket,
): Promise<Identified | undefined> {
  // Node has let go of the connection: nobody else would take its error.
  const end = () => void socket.destroy();
  socket.on('error', end);
  const found = await identity.identify(decision, request);
  if (!socket.writable) return undefined;
  socket.off('error', end);
  return found;
}
