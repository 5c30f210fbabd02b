import { count, describeStage, time, type ContextEvidence } from '../../contexts/index.ts';
import type { LagReport } from '../../control-plane/client.ts';
import { formatBackfill } from '../format-backfill.ts';
import { formatTable } from '../format-table.ts';
import { fleetEvidence, reachedOf } from './evidence.ts';
import { cut, formatChange } from './format-context.ts';
import type { Readings } from './gather.ts';
import { whyOf, type JudgedContext, type Overview } from './judge.ts';

/** Is it us? What is known of everything, a line for each. */
export function formatOverview(readings: Readings, { isItUs, monolith, contexts }: Overview): string {
  const { lag, audit, now } = readings;
  const lines = [
    `is it us? ${isItUs.answer}: ${isItUs.why}`,
    '',
    `monolith     ${monolith.worse === undefined ? '' : monolith.worse ? 'worse: ' : 'as before: '}${monolith.told}`,
    `gateways     ${gateways(readings)}`,
    `events       ${'unknown' in lag ? `unknown: ${lag.unknown}` : events(lag.known)}`,
    `last change  ${'unknown' in audit ? `unknown: ${audit.unknown}` : audit.known[0] ? `${audit.known[0].context}, ${formatChange(audit.known[0], now)}` : 'none'}`,
    '',
    ...(contexts.length > 0
      ? formatTable(['context', 'verdict', 'reads', 'writes', 'for', 'lag', 'why'], contexts.map(row))
          .trimEnd()
          .split('\n')
      : ['no context is known']),
    ...problems(readings),
  ];
  // What is to be done is never cut: commands are there to be copied.
  return `${[...lines.map(cut), ...backfills(lag)].join('\n')}\n`;
}

function row(judged: JudgedContext): string[] {
  const { context, reads, writes, states } = judged.evidence;
  const since = states.map(({ state }) => state.sinceMs);
  return [
    ...[context, judged.verdict, describeStage(reads), describeStage(writes)],
    ...[since.length > 0 ? time(Math.min(...since)) : '?', lagOf(judged.evidence), whyOf(judged)],
  ];
}

function lagOf({ events, carriesEvents }: ContextEvidence): string {
  if (!carriesEvents) return '–';
  if ('unknown' in events) return '?';
  const { pending, oldestAgeMs, consumerState, consumerLagMs } = events.known;
  const ages = [pending === 0 ? 0 : oldestAgeMs, consumerState === 'none' ? 0 : consumerLagMs];
  return ages.includes(null) ? '?' : time(Math.max(...(ages as number[])));
}

/** `2 of 3 at revision 7, 12 requests under way`. */
function gateways(readings: Readings): string {
  const reached = reachedOf(readings);
  const { unreached, unasked } = fleetEvidence(readings);
  const all = reached.length + Math.max(unreached.length, unasked.length);
  const revisions = [...new Set(reached.map(({ revision }) => revision))].toSorted((a, b) => a - b);
  const late = Math.max(0, ...reached.map(({ eventLoop }) => eventLoop.p99));
  if (reached.length === 0) return `0 of ${all} reached`;
  return [
    `${reached.length} of ${all} reached, at ${revisions.length === 1 ? 'revision' : 'revisions'} ${revisions.join(' and ')}`,
    `${count(
      reached.reduce((sum, { inFlight }) => sum + inFlight, 0),
      'request',
    )} under way`,
    `event loop p99 ${time(late * 1_000)} late`,
  ].join(', ');
}

function events({ total, openTransaction, relays }: LagReport): string {
  const known = (value: number | null, text: (value: number) => string) =>
    value === null ? 'unknown' : text(value);
  const open =
    openTransaction.state === 'open'
      ? `thread ${openTransaction.thread} for ${known(openTransaction.ageMs, time)}`
      : openTransaction.state;
  return [
    `${known(total.pending, String)} pending${total.oldestAgeMs === null ? '' : ` (${time(total.oldestAgeMs)})`}`,
    `${known(total.parked, String)} parked`,
    ...held(total),
    `relays ${relays.map(({ relay, seenAgoMs }) => `${relay} (${known(seenAgoMs, time)} ago)`).join(', ') || 'none'}`,
    `open transaction ${open}`,
  ].join(', ');
}

/** What consumers hold by numbers; nothing where none keeps any. */
function held({ consumerHeld }: LagReport['total']): string[] {
  if (consumerHeld === undefined) return [];
  if (consumerHeld === null) return ['held unknown'];
  return [`consumers hold ${consumerHeld.waiting}, ${consumerHeld.parked} parked`];
}

/** What could not be learned, and by whom. */
function problems(readings: Readings): string[] {
  const { unreached, unasked, register } = fleetEvidence(readings);
  const { lag } = readings;
  const found = [
    ...unreached.map(({ ops, problem }) => `gateway at ${ops} was not reached: ${problem}`),
    ...unasked.map((name) => `gateway ${name} is registered, and at none of gateway.fleet`),
    ...(register === undefined ? [] : [register]),
    ...('known' in lag ? lag.known.problems.filter((problem) => !problem.startsWith('capture ')) : []),
  ];
  return found.length > 0 ? ['', ...found.map((problem) => `! ${problem}`)] : [];
}

function backfills(lag: Readings['lag']): string[] {
  const due = 'known' in lag ? (lag.known.backfillDue ?? []) : [];
  return due.flatMap((one) => {
    const [what, ...steps] = formatBackfill(one);
    return ['', `! ${what}`, ...steps];
  });
}
