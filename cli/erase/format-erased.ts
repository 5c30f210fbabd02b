import type { EraseOutcome, EventsOfKey } from '../../outbox/operator/index.ts';
import { countOf } from '../parked/blast-radius.ts';
import { printable } from '../parked/format-parked.ts';
import type { Forgotten } from './erase-examples.ts';
import type { ErasedInbox } from './erase-inboxes.ts';
import type { StreamOfKey } from './streams-of-key.ts';

export interface Erased {
  readonly key: string;
  readonly before: EventsOfKey;
  readonly outbox: EraseOutcome;
  readonly gateways: readonly Forgotten[];
  /** The contexts whose examples were to be forgotten; undefined: all. */
  readonly examplesOf: readonly string[] | undefined;
  readonly inboxes: readonly ErasedInbox[];
  /** Consumers of the configuration that no inbox named here knows of: nobody knows what they hold. */
  readonly notAsked: readonly string[];
  /** Whether events of the key have numbers, as the registry says: consumers may hold them. */
  readonly numbered: boolean;
  readonly streams: readonly StreamOfKey[];
}

/** Whether all that can be erased is. */
export function isComplete({ outbox, gateways, inboxes, notAsked, numbered }: Erased): boolean {
  return (
    outbox.kind === 'erased' &&
    gateways.every((one) => 'gateway' in one) &&
    inboxes.every((one) => !('problem' in one)) &&
    !(numbered && notAsked.length > 0 && inboxes.length === 0)
  );
}

/** What was erased, what was not, and what stays where until when. */
export function formatErased(erased: Erased): string {
  const { key, outbox, gateways, examplesOf, inboxes, notAsked, streams } = erased;
  const reached = gateways.flatMap((one) => ('gateway' in one ? [one] : []));
  return [
    outbox.kind === 'erased'
      ? `outbox: the data of ${countOf(outbox.events, 'event')} of ${printable(key)} is erased`
      : `outbox: pending events of ${printable(key)} are not erased: a relay may have read them. Let them be sent (\`banyan lag\`), or stop the relays, and run this again`,
    `examples: ${examplesText(reached)} forgotten on ${reached.length} of ${countOf(gateways.length, 'gateway')}`,
    ...(examplesOf
      ? [
          `! examples of other contexts than ${examplesOf.join(', ')} are kept, and may tell of ${printable(key)}`,
        ]
      : []),
    ...gateways.flatMap((one) =>
      'problem' in one ? [`! ${one.ops} was not reached: ${one.problem}. Run this again when it is`] : [],
    ),
    ...inboxes.map((one) => inboxLine(one, key)),
    ...(notAsked.length > 0
      ? [
          `! not looked at: what ${notAsked.length === 1 ? 'consumer' : 'consumers'} ${notAsked.join(', ')} may hold of it by numbers; name the inbox of each with --inbox`,
        ]
      : []),
    ...streams.map(streamLine),
    'not touched: what services have made of the events, inboxes not named with --inbox, other outboxes, backups, the binary log, logs of your own (docs/privacy.md)',
  ]
    .map((line) => `${line}\n`)
    .join('');
}

/** `3 (orders 2, stock 1)`: whose they were, since the evidence of these contexts is what is lost. */
function examplesText(reached: readonly Extract<Forgotten, { gateway: string }>[]): string {
  const counts: Record<string, number> = {};
  for (const [context, count] of reached.flatMap(({ contexts }) => Object.entries(contexts)))
    counts[context] = (counts[context] ?? 0) + count;
  const told = Object.entries(counts).flatMap(([context, count]) =>
    count > 0 ? [`${context} ${count}`] : [],
  );
  const sum = reached.reduce((all, { examples }) => all + examples, 0);
  return `${sum}${told.length > 0 ? ` (${told.join(', ')})` : ''}`;
}

function inboxLine(one: ErasedInbox, key: string): string {
  if ('problem' in one) return `! inbox ${one.name}: ${one.problem}. Run this again when that is over`;
  const { name, waiting, parked } = one;
  return waiting + parked === 0
    ? `inbox ${name}: nothing of ${printable(key)} that isn't erased is held`
    : `inbox ${name}: the data of ${countOf(waiting, 'event')} that ${waiting === 1 ? 'waits' : 'wait'} for a number and of ${parked} parked is erased; none of them will be handled`;
}

function streamLine(stream: StreamOfKey): string {
  const name = stream.name === undefined ? 'the stream' : `stream ${stream.name}`;
  switch (stream.kind) {
    case 'gone':
      return `${name}: nothing of it can be there any more`;
    case 'unknown':
      return `${name}: what was sent stays there for the stream's retention, 365 days at most; how long that is is unknown: ${stream.why}`;
    default:
      return `${name}: ${BECAUSE[stream.because](`${stream.until.toISOString().slice(0, 19)}Z`)} before`;
  }
}

const BECAUSE = {
  last: (until: string) =>
    `what was sent stays there until ${until}, the stream's retention after the last of it; nobody can take it out`,
  unsure: (until: string) =>
    `events that were erased while they were pending may be there until ${until}: a relay may have sent them. Nobody can take them out`,
  purged: (until: string) =>
    `events that were purged from the outbox may be there until ${until}; nobody can take them out`,
};
