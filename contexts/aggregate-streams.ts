import type { Config } from './config.ts';

/** The aggregate types that go to another stream than `stream.name`, by the contexts that they belong to. Pure. */
export function aggregateStreams({
  stream,
  contexts,
  captures,
}: Pick<Config, 'stream' | 'contexts' | 'captures'>): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [name, context] of Object.entries(contexts)) {
    if (context.stream === undefined || context.stream === stream?.name) continue;
    const captured = Object.values(captures)
      .filter((capture) => capture.context === name)
      .map(({ aggregate }) => aggregate);
    for (const type of [...context.aggregates, ...captured]) found[type] = context.stream;
  }
  return found;
}

/** The further streams, with the region and endpoint of `stream` where they have none of their own. */
export function furtherStreams({
  stream,
  streams,
}: Pick<Config, 'stream' | 'streams'>): { name: string; region: string; endpoint?: string }[] {
  return Object.entries(streams).map(([name, { region, endpoint = stream?.endpoint }]) => ({
    name,
    region: region ?? stream?.region ?? 'us-east-1',
    ...(endpoint === undefined ? {} : { endpoint }),
  }));
}
