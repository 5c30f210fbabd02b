import { changedTypes, streamOf, type StreamMap } from '../outbox/stream-map.ts';
import type { Log } from '../runtime/log.ts';

/**
 * Logs where the map in force is another than the configured one. Returns what can't be sent because the map names
 * streams that aren't among `known`.
 */
export function compareMaps(
  { inForce, configured }: { readonly inForce: StreamMap; readonly configured: StreamMap },
  known: ReadonlySet<string>,
  log: Log,
): Error | undefined {
  for (const type of changedTypes(inForce, configured)) {
    const [stream, wanted] = [streamOf(inForce, type), streamOf(configured, type)];
    log.warn(
      { aggregate: type, stream, wanted },
      `the events of aggregate type '${type}' still go to stream '${stream}'. They go to '${wanted}' once a relay starts while no other runs and none of them is pending`,
    );
  }
  const missing = Object.entries(inForce.aggregates)
    .filter(([, stream]) => !known.has(stream))
    .map(([type, stream]) => `'${type}' to stream '${stream}'`);
  if (missing.length === 0) return undefined;
  return new Error(
    `pending events belong elsewhere: aggregate type ${missing.join(', ')}, which the configuration doesn't name. Add it under streams, and restart the relays`,
  );
}
