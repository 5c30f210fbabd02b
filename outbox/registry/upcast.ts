import type { CloudEvent } from '../event.ts';
import { declarationOf, versionsOf, type Registry } from './registry.ts';

/**
 * The event with the data of the newest version, made from its own by one upcaster after the other; an event whose type
 * isn't declared stays as it is. Throws for a version that the registry doesn't have: what is newer has to be
 * deployed first, and what is older can't be made new.
 */
export async function upcast(registry: Registry, event: CloudEvent): Promise<CloudEvent> {
  const declaration = declarationOf(registry, event.type);
  if (declaration === undefined) return event;
  const { dataversion = 1 } = event;
  const versions = versionsOf(declaration);
  if (!versions.includes(dataversion))
    throw new Error(
      `event ${event.id} has version ${String(dataversion)} of ${event.type}, and this registry has ${versions.join(', ')}: ` +
        'deploy a registry that has it',
    );
  const newer = versions.filter((version) => version > dataversion);
  if (newer.length === 0) return event;
  let { data } = event;
  for (const version of newer) {
    data = await declaration.versions[version]!.upcast!(data as Record<string, unknown>);
  }
  return { ...event, dataversion: newer.at(-1)!, data };
}
