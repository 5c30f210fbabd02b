import { dirname, resolve } from 'node:path';
import type { Config } from '../contexts/index.ts';
import { isSequenced, loadRegistry, type Registry } from '../outbox/index.ts';
import { UsageError } from './usage-error.ts';

/**
 * The registry that `file` names, undefined when it names none. Throws a UsageError with all that is wrong with it, and
 * with every capture whose aggregate is `ordered: sequence`: a trigger can't take a number, for two transactions of the
 * monolith that know nothing of the counter would deadlock on it.
 */
export async function loadTypes(
  { registry: named, captures }: Pick<Config, 'registry' | 'captures'>,
  file: string,
): Promise<Registry | undefined> {
  const registry = await loadRegistry(named, dirname(resolve(file))).catch((cause: Error) => {
    throw new UsageError(`${file}: ${cause.message}`, { cause });
  });
  const refused = Object.entries(captures).filter(([, { aggregate }]) => isSequenced(registry, aggregate));
  if (refused.length === 0) return registry;
  throw new UsageError(
    refused
      .map(
        ([name, { aggregate }]) =>
          `${file}: captures.${name}.aggregate: '${aggregate}' is \`ordered: sequence\` in the registry, and a trigger ` +
          'takes no number; capture it under another aggregate, or leave the order to a lock on its row',
      )
      .join('\n'),
  );
}
