import type { RequestListener } from 'node:http';
import { z } from 'zod';
import type { Log } from '../../runtime/log.ts';
import { bodyOf, refusalOf, sendJson } from '../ops-order.ts';
import type { Shadowing } from './shadowing.ts';

const orderSchema = z.strictObject({
  /** Those of all contexts unless given. */
  contexts: z.array(z.string()).min(1, 'at least one context').optional(),
});

/**
 * `POST /shadow/erase` forgets the examples of all contexts, or of those named: which of them tell of one person nobody
 * can say, and new ones come. Whoever reaches the ops port may do this, but for web pages.
 */
export function eraseHandler(shadowing: () => Pick<Shadowing, 'eraseExamples'>, log: Log): RequestListener {
  return async (request, response) => {
    if (request.method !== 'POST')
      return sendJson(response, 405, { error: 'POST forgets the examples' }, { allow: 'POST' });
    const refusal = refusalOf(request);
    if (refusal) return sendJson(response, refusal.status, { error: refusal.error });
    const order = orderSchema.safeParse(await bodyOf(request));
    if (!order.success)
      return sendJson(response, 400, {
        error: `the order can't be read; required: {} or {"contexts":["orders"]}: nothing was forgotten`,
      });
    const erased = shadowing().eraseExamples(order.data.contexts);
    log.warn({ examples: erased.contexts }, 'examples of shadowed answers are erased');
    sendJson(response, 200, erased);
  };
}
