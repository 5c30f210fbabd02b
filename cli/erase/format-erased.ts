import type { EraseOutcome, EventsOfKey } from '../../outbox/operator/index.ts';
import { countOf } from '../parked/blast-radius.ts';
import { printable } from '../parked/format-parked.ts';
import type { Forgotten } from './erase-examples.ts';
import type { StreamUntil } from './stream-until.ts';

export interface Erased {
  readonly key: string;
  readonly before: EventsOfKey;
  readonly outbox: EraseOutcome;
  readonly gateways: readonly Forgotten[];
  readonly stream: { readonly name: string | undefined } & StreamUntil;
}

/** Whether all that can be erased is. */
export function isComplete({ outbox, gateways }: Erased): boolean {
  return outbox.kind === 'erased' && gateways.every((one) => 'gateway' in one);
}

/** What was erased, what was not, and what stays where until when. */
export function formatErased(erased: Erased): string {
  const { key, outbox, gateways, stream } = erased;
  const reached = gateways.flatMap((one) => ('gateway' in one ? [one] : []));
  const examples = reached.reduce((sum, one) => sum + one.examples, 0);
  return [
    outbox.kind === 'erased'
      ? `outbox: the data of ${countOf(outbox.events, 'event')} of ${printable(key)} is erased`
      : `outbox: pending events of ${printable(key)} are not erased: a relay may have read them. Let them be sent (\`banyan lag\`), or stop the relays, and run this again`,
    `examples: ${examples} forgotten on ${reached.length} of ${countOf(gateways.length, 'gateway')}`,
    ...gateways.flatMap((one) =>
      'problem' in one ? [`! ${one.ops} was not reached: ${one.problem}. Run this again when it is`] : [],
    ),
    streamLine(stream),
    'not touched: what services have made of the events, backups, the binary log, logs of your own (docs/privacy.md)',
  ]
    .map((line) => `${line}\n`)
    .join('');
}

function streamLine(stream: Erased['stream']): string {
  const name = stream.name === undefined ? 'the stream' : `stream ${stream.name}`;
  switch (stream.kind) {
    case 'gone':
      return `${name}: nothing of it can be there any more`;
    case 'unknown':
      return `${name}: what was sent stays there for the stream's retention, 365 days at most; how long that is is unknown: ${stream.why}`;
    default: {
      const until = stream.until.toISOString().slice(0, 19);
      return stream.because === 'last'
        ? `${name}: what was sent stays there until ${until}Z, the stream's retention after the last of it; nobody can take it out before`
        : `${name}: events that were purged from the outbox may be there until ${until}Z; nobody can take them out before`;
    }
  }
}
