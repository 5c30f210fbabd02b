import type { ShadowErased } from '../../contexts/index.ts';
import { ask, describeFailure, urlOf } from '../fleet/ask.ts';

/** What one gateway has forgotten, or why nobody knows. */
export type Forgotten =
  | {
      readonly ops: string;
      readonly gateway: string;
      readonly examples: number;
      /** By context. */
      readonly contexts: Readonly<Record<string, number>>;
    }
  | { readonly ops: string; readonly problem: string };

/**
 * Has all gateways forget the examples of shadowed answers, of all contexts unless `only` names some, at the same time.
 * `timeout` in milliseconds.
 */
export function eraseExamples(
  ops: readonly string[],
  only: readonly string[] | undefined,
  timeout: number,
): Promise<Forgotten[]> {
  return Promise.all(
    ops.map(async (address): Promise<Forgotten> => {
      try {
        const { status, body } = await ask(`${urlOf(address)}/shadow/erase`, {
          ...{ method: 'POST', body: only ? { contexts: only } : {}, timeout },
        });
        const { gateway, examples, contexts } = body as Partial<ShadowErased>;
        return status === 200 && gateway !== undefined && examples !== undefined && contexts !== undefined
          ? { ops: address, gateway, examples, contexts }
          : { ops: address, problem: `answered ${status}, and not as a gateway's ops port does` };
      } catch (error) {
        return { ops: address, problem: describeFailure(error) };
      }
    }),
  );
}
