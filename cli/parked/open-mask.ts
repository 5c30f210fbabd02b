import { dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import { loadRegistry } from '../../outbox/index.ts';
import { maskData, personalPlaces } from '../../outbox/operator/index.ts';
import { loadConfig } from '../load-config.ts';

/** Masks what the registry and the captures of the configuration declare personal; without it nobody knows what that is. */
export async function openMask(command: Command): Promise<(type: string, data: string) => string> {
  const file = command.optsWithGlobals<{ config: string }>().config;
  const { registry, captures } = loadConfig(file);
  const places = personalPlaces({
    registry: await loadRegistry(registry, dirname(resolve(file))),
    captures,
  });
  return (type, data) => maskData(data, places(type));
}
