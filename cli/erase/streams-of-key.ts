import { aggregateStreams, furtherStreams, type Config } from '../../contexts/index.ts';
import { boundMap, sentOfKey, streamOf } from '../../outbox/operator/index.ts';
import { inspectStream, readReplays } from '../../relay/index.ts';
import type { Database } from '../../runtime/database.ts';
import { emulatorCredentials } from '../emulator-credentials.ts';
import { streamUntil, type StreamUntil } from './stream-until.ts';

/** One stream, and until when what was sent of the key stays there. */
export type StreamOfKey = { readonly name: string | undefined } & StreamUntil;

interface Sent {
  readonly name: string | undefined;
  readonly acknowledged: number | undefined;
  readonly unsure: number | undefined;
}

/**
 * The streams into which events of a key were sent: that of its aggregate type, and those that it was replayed into, or
 * may have been by a replay whose rows are purged.
 */
export async function sentInto(
  database: Database,
  key: string,
  config: Pick<Config, 'stream' | 'contexts' | 'captures'>,
): Promise<Sent[]> {
  const type = key.slice(0, key.indexOf(':'));
  const bound = await boundMap(database);
  const own = bound ? streamOf(bound, type) : (aggregateStreams(config)[type] ?? config.stream?.name);
  const sent = new Map<string | undefined, Sent>();
  const add = (name: string | undefined, acknowledged?: string | null, unsure?: string | null) => {
    const known = sent.get(name);
    sent.set(name, {
      name,
      acknowledged: later(known?.acknowledged, acknowledged),
      unsure: later(known?.unsure, unsure),
    });
  };
  add(own);
  for (const { what, done } of await readReplays(database))
    if (what.stream !== undefined && done > 0 && (what.key ?? key) === key) add(what.stream);
  for (const { stream, acknowledged, unsure } of await sentOfKey(database, key))
    add(stream ?? own, acknowledged, unsure);
  return [...sent.values()];
}

/**
 * Asks each stream how long it keeps records. One into which only a replay whose rows are purged can have sent
 * events isn't named when it can't have them any more.
 */
export async function untilWhen(
  sent: readonly Sent[],
  config: Pick<Config, 'stream' | 'streams' | 'outbox'>,
  timeout: number,
): Promise<StreamOfKey[]> {
  const addresses = [...(config.stream ? [config.stream] : []), ...furtherStreams(config)];
  const found = await Promise.all(
    sent.map(async ({ name, acknowledged, unsure }): Promise<StreamOfKey> => {
      const address = addresses.find((one) => one.name === name);
      const retention = address ? await retentionOf(address, timeout) : 'the configuration doesn’t name it';
      const kept = config.outbox?.retention ?? 0;
      return { name, ...streamUntil({ acknowledged, unsure, retention, kept, now: Date.now() }) };
    }),
  );
  return found.filter(
    ({ kind }, index) => index === 0 || kind !== 'gone' || sent[index]!.acknowledged !== undefined,
  );
}

/** How long the stream keeps records, in milliseconds; else why nobody knows. */
async function retentionOf(
  stream: { name: string; region: string; endpoint?: string | undefined },
  timeout: number,
): Promise<number | string> {
  const credentials = emulatorCredentials(stream.endpoint, process.env);
  const { summary, actions } = await inspectStream(stream, { requestTimeout: timeout, credentials });
  return summary ? summary.retentionHours * 3_600_000 : actions['kinesis:DescribeStreamSummary'].message;
}

/** The later of two times, of which the second is text in UTC. */
function later(known: number | undefined, text: string | null | undefined): number | undefined {
  if (text === null || text === undefined) return known;
  return Math.max(known ?? 0, Date.parse(`${text.replace(' ', 'T')}Z`));
}
