import type { ShadowDifference, ShadowRouteReport } from '../../contexts/index.ts';
import { formatAge } from '../format-age.ts';
import { formatTable } from '../format-table.ts';
import type { Summary } from './sum-up.ts';

const HEADS = [
  'route',
  'verdict',
  'compared',
  'match rate',
  'mismatch',
  'truncated',
  'error',
  'lag',
  'dropped',
];

/** A context's verdict as people read it: the evidence, route by route, and a few examples of what differs. */
export function formatSummary(summary: Summary, examples: number): string {
  const { context, verdict, coverage, window, minMatch, minSamples, gateways, routes } = summary;
  const told = gateways.filter(({ problem }) => problem === undefined).length;
  const lines = [
    `${context}: ${verdict}`,
    `${told} of ${gateways.length} ${gateways.length === 1 ? 'gateway' : 'gateways'}, the last ${formatAge(window)}; ` +
      `${coverage.covered} of ${coverage.routes} ${coverage.routes === 1 ? 'route has' : 'routes have'} ${minSamples} comparisons or more`,
    `go: at least ${percent(minMatch)} match, at 95 % confidence`,
    ...gateways.flatMap(({ ops, problem }) =>
      problem === undefined ? [] : [`! ${ops} was not reached, so unknown: ${problem}`],
    ),
    '',
    formatTable(HEADS, routes.map(row)).trimEnd(),
    '',
    ...routes.map(({ route, reason }) => `${route}: ${reason}`),
    ...routes.flatMap((route) => examplesOf(route, examples)),
  ];
  return `${lines.join('\n')}\n`;
}

function row({ route, verdict, samples, rate, lower, upper, counts }: ShadowRouteReport): string[] {
  return [
    ...[route, verdict, String(samples)],
    rate === null ? '–' : `${percent(rate)} (${percent(lower)} to ${percent(upper)})`,
    ...[counts.mismatch, counts.truncated, counts.error, counts.lag, counts.dropped].map(String),
  ];
}

function examplesOf({ route, examples }: ShadowRouteReport, most: number): string[] {
  const shown = examples.slice(0, most);
  if (shown.length === 0) return [];
  return [
    '',
    `mismatches of ${route}, the latest first:`,
    ...shown.flatMap(({ at, method, target, differences }) => [
      `  ${at}  ${method} ${printable(target)}`,
      ...differences.map((difference) => `    ${describe(difference)}`),
    ]),
  ];
}

function describe({ at, place = at, monolith, extracted }: ShadowDifference): string {
  const side = (value: string | undefined) => (value === undefined ? 'nothing' : printable(value));
  if (monolith === undefined && extracted === undefined) return `${printable(place)}  and more`;
  return `${printable(place)}  monolith: ${side(monolith)}  extracted: ${side(extracted)}`;
}

/** What comes from answers must not move the terminal's cursor. */
function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}]/gu, '�');
}

/** Never rounded up to what isn't reached. */
function percent(share: number): string {
  return `${Math.floor(share * 10_000 + 1e-9) / 100} %`;
}
