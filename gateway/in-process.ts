import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Decision, Snapshot } from '../contexts/index.ts';
import { changeHead } from './amend-answer.ts';
import type { AnswerObserver } from './forwarding/forwarder.ts';
import type { Shadowing } from './shadow/shadowing.ts';

/** Has the answer of a monolith in the same process compared, or its write remembered, as those of another are. */
export function followMonolith(
  shadowing: Shadowing,
  snapshot: Snapshot,
  decision: Decision,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  if (decision.shadow) {
    const observer = shadowing.read(decision, request, true);
    if (observer) observeAnswer(request.method === 'HEAD', response, observer);
  } else if (decision.kind === 'write') {
    const wrote = shadowing.write(snapshot, decision, request);
    if (wrote) response.once('close', wrote);
  }
}

/**
 * Shows an answer to the observer as it is written, each part after it was: the client never waits for it. `bare`: it
 * has no body, whatever is written to it.
 */
export function observeAnswer(bare: boolean, response: ServerResponse, observer: AnswerObserver): void {
  let head: { readonly status: number; readonly fields: readonly string[] } | undefined;
  let told = false;
  changeHead(response, (status, fields) => {
    head = { status, fields };
    return fields;
  });
  const show = (chunk: unknown, encoding: unknown): void => {
    if (!head) return;
    if (!told) observer.head(head.status, head.fields);
    told = true;
    if (bare) return;
    if (typeof chunk === 'string')
      observer.data(Buffer.from(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8'));
    else if (chunk instanceof Uint8Array)
      observer.data(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
  };
  const { write, end } = response;
  response.write = ((...given: Parameters<typeof write>) => {
    const ended = response.writableEnded;
    const more = write.apply(response, given);
    if (!ended) show(given[0], given[1]);
    return more;
  }) as typeof write;
  response.end = ((...given: Parameters<typeof end>) => {
    const ended = response.writableEnded;
    end.apply(response, given);
    if (!ended) show(given[0], given[1]);
    return response;
  }) as typeof end;
  response.once('finish', () => observer.end(true));
  response.once('close', () => observer.end(false));
}
