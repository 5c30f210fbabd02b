import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { defineRegistry } from './define-registry.ts';
import type { Registry } from './registry.ts';

/**
 * Loads the module that `registry:` of `banyan.yaml` names, a path relative to `baseDirectory` (the folder of
 * `banyan.yaml`); its default export is the registry. Undefined when none is named. Throws one error with all
 * mistakes when it can't be loaded or is no registry.
 */
export async function loadRegistry(
  named: string | undefined,
  baseDirectory: string,
): Promise<Registry | undefined> {
  if (named === undefined) return undefined;
  const file = resolve(baseDirectory, named);
  let found: { readonly default?: unknown };
  try {
    found = (await import(pathToFileURL(file).href)) as { readonly default?: unknown };
  } catch (cause) {
    throw new Error(`registry: ${file} can't be loaded: ${(cause as Error).message}`, { cause });
  }
  if (found.default === undefined)
    throw new Error(
      `registry: ${file} has no default export; required: export default defineRegistry({ events: { … } })`,
    );
  try {
    return defineRegistry(found.default as Registry);
  } catch (cause) {
    throw new Error(`registry: ${file}: ${(cause as Error).message}`, { cause });
  }
}
