import type { Config, ContextConfig } from './config.ts';

/** Whether events belong to the context: its own types, those of a capture, or a consumer's. Without any there is no lag. */
export function carriesEvents(
  { contexts, captures }: Pick<Config, 'contexts' | 'captures'>,
  name: string,
): boolean {
  const context = contexts[name];
  return (
    context !== undefined &&
    (context.events.length > 0 ||
      context.consumer !== undefined ||
      Object.values(captures).some((capture) => capture.context === name))
  );
}

/**
 * Only a GET or a HEAD that is a read has an answer to compare and nothing to do harm with. A route that asks for the
 * field `Upgrade` is a WebSocket's, which is never copied.
 */
export function canShadow({ match, kind, header = {} }: ContextConfig['routes'][number]): boolean {
  const upgrades = Object.keys(header).some((name) => name.toLowerCase() === 'upgrade');
  return kind !== 'write' && !upgrades && /^(?:GET|HEAD|\*) /.test(match);
}
