import { declarationOf, isSequenced, type Registry } from './registry/registry.ts';

/** What becomes of the key of a poison event: it waits for somebody, or the event is skipped and the key goes on. */
export type PoisonPolicy = (event: { readonly type: string; readonly key: string }) => 'wait' | 'skip';

/**
 * The policy of each event: what the registry says of its type, else `otherwise`. Numbered events always wait: consumers
 * would wait at the gap that a skipped one leaves.
 */
export function poisonPolicy({
  registry,
  otherwise,
}: {
  readonly registry?: Registry | undefined;
  readonly otherwise: 'wait' | 'skip';
}): PoisonPolicy {
  return ({ type, key }) =>
    isSequenced(registry, key.slice(0, key.indexOf(':')))
      ? 'wait'
      : ((registry && declarationOf(registry, type)?.onPoison) ?? otherwise);
}
