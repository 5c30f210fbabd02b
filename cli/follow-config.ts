import { processesNeedRestart, type Config } from '../contexts/index.ts';
import type { Log } from '../runtime/log.ts';
import { watchFiles } from '../runtime/watch-files.ts';
import { loadConfig } from './load-config.ts';

/** The configuration of a process that takes changes over while it runs. */
export interface FollowedConfig {
  /** The one in force. */
  now(): Config;
  stop(): void;
}

/**
 * Reads the file again at SIGHUP and, unless `watch` is false, when it has changed: as a whole or not at all, and what it
 * says is logged. With a mistake in it, or a field that needs a restart, the one before stays in force.
 */
export function followConfig(
  file: string,
  first: Config,
  { watch, log }: { readonly watch: boolean; readonly log: Log },
): FollowedConfig {
  let config = first;
  const read = (): void => {
    let next: Config;
    try {
      next = loadConfig(file);
    } catch (error) {
      const mistakes = (error as Error).message.split('\n');
      return log.error({ mistakes }, 'the configuration can’t be used; the one before stays in force');
    }
    const fields = processesNeedRestart(config, next);
    if (fields.length > 0)
      return log.error(
        { fields },
        'these fields need a restart: nothing of the configuration is applied; the one before stays in force',
      );
    if (JSON.stringify(next) === JSON.stringify(config)) return;
    config = next;
    log.info('the configuration is reloaded');
  };
  const files = watch ? watchFiles(() => [file], read) : undefined;
  process.on('SIGHUP', read);
  return {
    now: () => config,
    stop() {
      files?.stop();
      process.off('SIGHUP', read);
    },
  };
}
