import { furtherStreams, type Config } from '../contexts/index.ts';
import { UsageError } from './usage-error.ts';

/** Refuses a stream that no relay of this configuration sends to: what is meant for it would be pending for ever. */
export function checkStream(config: Pick<Config, 'stream' | 'streams'>, stream: string | undefined): void {
  const known = [...(config.stream ? [config.stream] : []), ...furtherStreams(config)].map(
    ({ name }) => name,
  );
  if (stream === undefined || known.includes(stream)) return;
  throw new UsageError(
    `there is no stream '${stream}' in the configuration; there are ${known.join(', ') || 'none'}. Name it under \`streams\`, and restart the relays`,
  );
}
