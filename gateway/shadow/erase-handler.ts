import type { RequestListener } from 'node:http';
import type { Log } from '../../runtime/log.ts';
import { refusalOf, sendJson } from '../ops-order.ts';
import type { Shadowing } from './shadowing.ts';

/**
 * `POST /shadow/erase` forgets all examples: which of them tell of one person nobody can say, and new ones come. Whoever
 * reaches the ops port may do this, but for web pages.
 */
export function eraseHandler(shadowing: () => Pick<Shadowing, 'eraseExamples'>, log: Log): RequestListener {
  return (request, response) => {
    if (request.method !== 'POST')
      return sendJson(response, 405, { error: 'POST forgets the examples' }, { allow: 'POST' });
    const refusal = refusalOf(request);
    if (refusal) return sendJson(response, refusal.status, { error: refusal.error });
    request.resume();
    const erased = shadowing().eraseExamples();
    log.warn({ examples: erased.examples }, 'the examples of shadowed answers are erased');
    sendJson(response, 200, erased);
  };
}
