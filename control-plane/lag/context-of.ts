import type { Config } from '../../contexts/index.ts';
import { captureOf } from '../../outbox/row-change.ts';

/** Which context an event type belongs to: by `contexts.*.events`, a captured row's by `captures.*.context`. */
export function contextOf(
  config: Pick<Config, 'contexts' | 'captures'>,
): (type: string) => string | undefined {
  const owners = new Map<string, string>();
  for (const [name, context] of Object.entries(config.contexts))
    for (const type of context.events) owners.set(type, name);
  return (type) => {
    const owner = owners.get(type);
    if (owner !== undefined) return owner;
    const capture = captureOf(type);
    return capture !== undefined && Object.hasOwn(config.captures, capture)
      ? config.captures[capture]!.context
      : undefined;
  };
}
