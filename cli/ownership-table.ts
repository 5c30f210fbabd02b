import { bucketRanges, type Ownership } from '../relay/index.ts';
import { formatAge } from './format-age.ts';
import { formatTable } from './format-table.ts';

const HEADS = [
  ...['relay', 'seen', 'buckets', 'which', 'epochs', 'lease', 'in flight', 'unsettled', 'acknowledged'],
  'pending',
];

/** Who owns which buckets as people read it: a line per relay, then what is unowned, waits or is wrong. */
export function ownershipTable({ relays, unowned, mostPending, notes, problems }: Ownership): string {
  const ago = (milliseconds: number | null) =>
    milliseconds === null ? 'unknown' : `${formatAge(milliseconds)} ago`;
  const count = (events: number | null) => (events === null ? 'unknown' : String(events));
  const rows = relays.map((one) => [
    one.relay,
    one.member ? ago(one.seenAgoMs) : 'no member',
    String(one.buckets.length),
    bucketRanges(one.buckets) || '–',
    one.epochs === null ? '–' : [...new Set(one.epochs)].join('-'),
    one.leaseRemainingMs === null ? '–' : formatAge(one.leaseRemainingMs),
    count(one.inFlight),
    count(one.unsettled),
    one.acknowledgedAgoMs === null ? (one.member ? 'never' : 'unknown') : ago(one.acknowledgedAgoMs),
    count(one.pending),
  ]);
  const lines = [
    ...(unowned.length > 0 ? [`unowned: ${bucketRanges(unowned.map(({ bucket }) => bucket))}`] : []),
    ...(mostPending.length > 0
      ? [
          `most pending: ${mostPending.map(({ bucket, pending }) => `bucket ${bucket}: ${pending}`).join(', ')}`,
        ]
      : []),
    ...notes,
    ...problems.map((problem) => `! ${problem}`),
  ];
  return `${relays.length > 0 ? formatTable(HEADS, rows) : ''}${lines.map((line) => `${line}\n`).join('')}`;
}
