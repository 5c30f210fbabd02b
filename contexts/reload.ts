import type { Config } from './config.ts';

/** Fields of `gateway` that can be replaced while it runs; `fleet` is read by commands alone. */
const LIVE = new Set([
  'fleet',
  'trustedProxies',
  'limits',
  'serverTiming',
  'tls',
  'cdn',
  'overrides',
  'identity',
  'targets',
  'accessLog',
  'answerFields',
  'tracing',
]);

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
  // The way to where spans go is opened once.
  for (const field of ['exporter', 'service'] as const)
    compare(
      `gateway.tracing.${field}`,
      before.gateway.tracing?.exporter && before.gateway.tracing[field],
      after.gateway.tracing?.exporter && after.gateway.tracing[field],
    );
  // A port that has begun to speak TLS can't go back, and the other way round.
  compare('gateway.tls', before.gateway.tls !== undefined, after.gateway.tls !== undefined);
  compare('gateway.tls.ca', before.gateway.tls?.ca !== undefined, after.gateway.tls?.ca !== undefined);
  for (const field of sharedParts(before, after)) found.add(field);
  // With the file store the lag is this process's, too, and it knows whose events are whose from its start.
  if (after.control.store === 'file') for (const field of eventsOf(before, after)) found.add(field);
  return [...found].toSorted();
}

/** The same of a control plane that runs apart: whose events are whose, and where everything is, it knows from its start. */
export function processesNeedRestart(before: Config, after: Config): string[] {
  return [...sharedParts(before, after), ...eventsOf(before, after)].toSorted();
}

function sharedParts(before: Config, after: Config): string[] {
  return (['control', 'redis', 'outbox', 'stream'] as const).filter(
    (part) => JSON.stringify(before[part]) !== JSON.stringify(after[part]),
  );
}

function eventsOf(before: Config, after: Config): string[] {
  const names = new Set([...Object.keys(before.contexts), ...Object.keys(after.contexts)]);
  return [...names].flatMap((name) =>
    (['events', 'consumer'] as const)
      .filter((field) => {
        const of = ({ contexts }: Config) => contexts[name]?.[field] ?? (field === 'events' ? [] : undefined);
        return JSON.stringify(of(before)) !== JSON.stringify(of(after));
      })
      .map((field) => `contexts.${name}.${field}`),
  );
}
