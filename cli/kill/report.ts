import type { ContextOutcome, KillAnswer } from '../../contexts/index.ts';
import { formatTable } from '../format-table.ts';
import type { Fleetwide, Reached } from './ask-fleet.ts';

/** How many gateways have done what was asked, of how many that there are as far as anybody knows. */
export function summaryOf({ gateways, unasked }: Fleetwide): { confirmed: number; of: number } {
  const answered = gateways.filter((one) => 'answer' in one).length;
  // One that didn't answer and one that is registered may be the same.
  const others = Math.max(gateways.length - answered, unasked.length);
  return { confirmed: gateways.filter(isConfirmed).length, of: answered + others };
}

/** 0 when every gateway has confirmed; 2 when the context is unknown to all that were reached; else 1. */
export function exitCodeOf(found: Fleetwide): 0 | 1 | 2 {
  const { confirmed, of } = summaryOf(found);
  if (confirmed === of) return 0;
  const outcomes = answersOf(found).flatMap(({ contexts }) => contexts);
  const unknown = outcomes.every(({ refused }) => refused?.kind === 'unknown');
  return outcomes.length > 0 && unknown ? 2 : 1;
}

/** An order's outcome: how many gateways confirmed, how each stands, what to type where it was refused. */
export const formatOrder =
  (action: 'kill' | 'release') =>
  (found: Fleetwide): string => {
    const { confirmed, of } = summaryOf(found);
    const done = action === 'kill' ? 'killed' : 'released';
    const head = `${done} on ${confirmed} of ${of} ${of === 1 ? 'gateway' : 'gateways'}\n`;
    const rows = found.gateways.flatMap((one) =>
      'answer' in one
        ? one.answer.contexts.map((outcome) => [
            ...[one.answer.gateway, one.ops, String(one.answer.revision), outcome.context],
            stateOf(outcome, action),
          ])
        : [unreachedRow(one)],
    );
    const refusals = new Set(
      answersOf(found).flatMap(({ contexts }) =>
        contexts.flatMap(({ refused }) => (refused ? [`refused: ${refused.message}`] : [])),
      ),
    );
    return `${head}${table([...rows, ...unaskedRows(found)])}${[...refusals].map(line).join('')}${notes(found)}`;
  };

/** What is killed where, since when, by whom and why. */
export function formatList(found: Fleetwide): string {
  const rows = found.gateways.flatMap((one) => {
    if (!('answer' in one)) return [unreachedRow(one)];
    const { gateway, revision, contexts } = one.answer;
    const killed = contexts.filter(({ kill }) => kill);
    const row = [gateway, one.ops, String(revision)];
    return killed.length === 0
      ? [[...row, '-', 'nothing is killed']]
      : killed.map((outcome) => [...row, outcome.context, stateOf(outcome, 'list')]);
  });
  return `${table([...rows, ...unaskedRows(found)])}${notes(found)}`;
}

const line = (text: string) => `${text}\n`;
const table = (rows: readonly (readonly string[])[]) =>
  formatTable(['gateway', 'ops port', 'revision', 'context', 'state'], rows);
const answersOf = ({ gateways }: Fleetwide): KillAnswer[] =>
  gateways.flatMap((one) => ('answer' in one ? [one.answer] : []));

/** In force, and kept over a restart. */
function isConfirmed(one: Reached): boolean {
  return (
    'answer' in one &&
    one.answer.notKept === undefined &&
    one.answer.contexts.every(({ refused }) => refused === undefined)
  );
}

function unreachedRow(one: Exclude<Reached, { answer: unknown }>): string[] {
  return ['?', one.ops, '?', '?', `not reached, so unknown: ${one.problem}`];
}

function unaskedRows({ unasked }: Fleetwide): string[][] {
  return unasked.map((name) => [name, '?', '?', '?', 'registered, and has not answered']);
}

function stateOf(
  { kill, retired, writes, changed, refused }: ContextOutcome,
  action: 'kill' | 'release' | 'list',
): string {
  const before = changed || action === 'list' ? '' : 'as before: ';
  const since = kill && `killed at ${kill.at.slice(0, 19)}Z by ${kill.by}`;
  const why = kill?.reason ? ` (${kill.reason})` : '';
  const whose = `reads → ${retired ? 'nobody, they are retired' : 'monolith'}, writes → ${writes}`;
  if (refused) return kill ? `refused, ${since} as before` : 'refused';
  if (kill) return `${before}${since}${why}: ${whose}`;
  return `${before}its stage decides`;
}

function notes(found: Fleetwide): string {
  const answers = answersOf(found);
  const unkept = answers.flatMap(({ gateway, notKept }) =>
    notKept === undefined ? [] : [`${gateway}: in force, but a restart would lose it: ${notKept}`],
  );
  const unasked =
    found.unasked.length > 0
      ? ['where the ops port of a gateway is, --ops says, or gateway.fleet in the configuration']
      : [];
  const register =
    found.register === undefined
      ? []
      : [`whether there are more gateways is unknown, the register can't be asked: ${found.register}`];
  return [...unkept, ...unasked, ...register].map(line).join('');
}
