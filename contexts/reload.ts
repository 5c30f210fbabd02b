import type { Config } from './config.ts';

/** Fields of `gateway` that can be replaced while it runs; `kill.gateways` is read by commands alone. */
const LIVE = new Set(['trustedProxies', 'limits', 'serverTiming', 'tls', 'cdn', 'overrides', 'targets']);

/**
 * What differs between two configurations and a gateway can't take over while it runs: the paths of those fields.
 * `relay` and `captures` are other processes' business, and no reason.
 */
export function needsRestart(before: Config, after: Config): string[] {
  const found = new Set<string>();
  const compare = (path: string, a: unknown, b: unknown) => {
    if (JSON.stringify(a) !== JSON.stringify(b)) found.add(path);
  };
  const fields = new Set([...Object.keys(before.gateway), ...Object.keys(after.gateway)]);
  for (const field of fields as Set<keyof Config['gateway']>)
    if (!LIVE.has(field) && field !== 'kill')
      compare(`gateway.${field}`, before.gateway[field], after.gateway[field]);
  compare('gateway.kill.file', before.gateway.kill.file, after.gateway.kill.file);
  // A port that has begun to speak TLS can't go back, and the other way round.
  compare('gateway.tls', before.gateway.tls !== undefined, after.gateway.tls !== undefined);
  compare('gateway.tls.ca', before.gateway.tls?.ca !== undefined, after.gateway.tls?.ca !== undefined);
  for (const part of ['control', 'redis', 'outbox', 'stream'] as const)
    compare(part, before[part], after[part]);
  // With the file store the lag is this process's, too, and it knows whose events are whose from its start.
  if (after.control.store === 'file')
    for (const name of new Set([...Object.keys(before.contexts), ...Object.keys(after.contexts)]))
      for (const field of ['events', 'consumer'] as const) {
        const of = ({ contexts }: Config) => contexts[name]?.[field] ?? (field === 'events' ? [] : undefined);
        compare(`contexts.${name}.${field}`, of(before), of(after));
      }
  return [...found].toSorted();
}
