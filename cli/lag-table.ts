import type { LagReport } from '../control-plane/client.ts';

type Row = LagReport['contexts'][number] | LagReport['total'] | LagReport['unassigned'];

const HEADS = [
  'context',
  'pending',
  'oldest',
  'in/s',
  'out/s',
  'parked',
  'consumer lag',
  'held',
  'end to end',
];

/** The lag as people read it: a line per context and one in total, and apart from these what stands in the way. */
export function lagTable(report: LagReport): string {
  const { contexts, total, unassigned, openTransaction, relays, problems } = report;
  const rows = [
    ...contexts.map((context) => [
      context.name,
      ...outboxCells(context),
      consumerCell(context),
      heldCell(context),
      endToEndCell(context),
    ]),
    ['unassigned', ...outboxCells(unassigned), '–', '–', '–'],
    [
      'total',
      ...outboxCells(total),
      consumerCell({ ...total, consumer: null }),
      heldCell(total),
      endToEndCell(total),
    ],
  ];
  const lines = [
    `lag at ${report.at}`,
    '',
    ...align([HEADS, ...rows]),
    '',
    ...(unassigned.types.length > 0
      ? [`unassigned: ${unassigned.types.join(', ')} (belong to no context's \`events\`)`]
      : []),
    `open transaction: ${describeTransaction(openTransaction)}`,
    `relays: ${relays.map(({ relay, seenAgoMs }) => `${relay} (${seenAgoMs === null ? 'unknown' : `${length(seenAgoMs)} ago`})`).join(', ') || 'none'}`,
    ...problems.map((problem) => `! ${problem}`),
  ];
  return `${lines.join('\n')}\n`;
}

function outboxCells({ pending, oldestAgeMs, rateIn, rateOut, parked, oldestParkedAgeMs }: Row): string[] {
  return [
    pending === null ? 'unknown' : String(pending),
    pending === 0 ? '–' : length(oldestAgeMs),
    rateIn === null ? '?' : rateIn.toFixed(1),
    rateOut === null ? '?' : rateOut.toFixed(1),
    parked === null ? 'unknown' : parked === 0 ? '0' : `${parked} (${length(oldestParkedAgeMs)})`,
  ];
}

function consumerCell({
  consumer,
  consumerState,
  consumerLagMs,
}: Pick<LagReport['contexts'][number], 'consumer' | 'consumerState' | 'consumerLagMs'>): string {
  if (consumerState === 'none') return 'no consumer';
  return `${length(consumerLagMs)}${consumer ? ` (${consumer})` : ''}`;
}

/** Where the consumer keeps numbers: what waits for one, and what it has parked, each with the age of its oldest. */
function heldCell({ consumerHeld: held }: Pick<LagReport['total'], 'consumerHeld'>): string {
  if (held === undefined) return '–';
  if (held === null) return 'unknown';
  const { waiting, oldestWaitingMs, parked, oldestParkedMs } = held;
  const aged = (count: number, age: number | null) => (count === 0 ? '0' : `${count} (${length(age)})`);
  return `${aged(waiting, oldestWaitingMs)}${parked === 0 ? '' : `, ${aged(parked, oldestParkedMs)} parked`}`;
}

function endToEndCell({
  endToEndState,
  endToEndMs,
}: Pick<LagReport['total'], 'endToEndState' | 'endToEndMs'>): string {
  return endToEndState === 'none' ? '–' : length(endToEndMs);
}

function describeTransaction(open: LagReport['openTransaction']): string {
  switch (open.state) {
    case 'none':
      return 'none holds an event back';
    case 'unknown':
      return `unknown: ${open.reason}`;
    case 'open': {
      const who = open.user ? ` of ${open.user}@${open.host}` : '';
      return `thread ${open.thread}${who}, open for ${length(open.ageMs)}, holds back ${open.events} ${open.events === 1 ? 'event' : 'events'}`;
    }
  }
}

/** A length of time: `340 ms`, `12.4 s`, `3 min 20 s`, `5 h 2 min`; null is unknown. */
export function length(milliseconds: number | null): string {
  if (milliseconds === null) return 'unknown';
  if (milliseconds < 1_000) return `${milliseconds} ms`;
  const seconds = milliseconds / 1_000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Names to the left, figures to the right. */
export function align(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('  '),
  );
}
