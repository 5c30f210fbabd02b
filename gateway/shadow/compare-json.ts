import type { ShadowDifference } from '../../contexts/index.ts';
import { canonicalText, type AnswerRule, type Canonical } from './canonical-json.ts';
import type { Place } from './path-rules.ts';
import { isInTheWay, isPersonal, isSecretName, REMOVED, shown } from './redact.ts';

/** Stands for an entry of a set, which has no place of its own. */
const ANY = -1;

/** Places of differences that are told apart in one comparison. */
const MOST = 200;
/** Stands for all places above that. It is never noise: nobody knows what it is. */
export const OVERFLOW = '…';

/** Differences of two documents: one for each place, entries of one array taken together. */
export function compareJson(
  monolith: Canonical,
  extracted: Canonical,
  root: Place<AnswerRule>,
): ShadowDifference[] {
  const found = new Map<string, ShadowDifference>();
  const keys: (string | number)[] = [];

  const report = (
    one: Canonical | undefined,
    other: Canonical | undefined,
    place: Place<AnswerRule>,
    hidden: boolean,
  ): void => {
    const at = generalPath(keys);
    if (found.has(at)) return;
    if (found.size >= MOST) return void found.set(OVERFLOW, { at: OVERFLOW });
    const value = (side: Canonical | undefined) =>
      side !== undefined && hidden ? REMOVED : shown(side, place);
    const [left, right] = [value(one), value(other)];
    const exact = exactPath(keys);
    found.set(at, {
      at,
      ...(exact === at ? {} : { place: exact }),
      ...(left === undefined ? {} : { monolith: left }),
      ...(right === undefined ? {} : { extracted: right }),
    });
  };

  const below = (
    key: string | number,
    one: Canonical | undefined,
    other: Canonical | undefined,
    place: Place<AnswerRule>,
    hidden: boolean,
  ): void => {
    keys.push(key);
    const secret = hidden || (typeof key === 'string' && isSecretName(key));
    compare(one, other, place.step(key), secret);
    keys.pop();
  };

  const compare = (
    one: Canonical | undefined,
    other: Canonical | undefined,
    place: Place<AnswerRule>,
    above: boolean,
  ): void => {
    const hidden = above || isPersonal(place) || (isInTheWay(one, place) && isInTheWay(other, place));
    const kind = kindOf(one);
    if (kind === 'ignored' || kindOf(other) === 'ignored') return;
    if (kind !== kindOf(other)) return report(one, other, place, hidden);
    switch (kind) {
      case 'object': {
        const [left, right] = [membersOf(one), membersOf(other)];
        for (const [name, member] of left) below(name, member, right.get(name), place, hidden);
        for (const [name, member] of right)
          if (!left.has(name)) below(name, undefined, member, place, hidden);
        return;
      }
      case 'list': {
        const [left, right] = [entriesOf(one), entriesOf(other)];
        for (let index = 0; index < Math.max(left.length, right.length); index += 1)
          below(index, left[index], right[index], place, hidden);
        return;
      }
      case 'set':
        for (const [left, right] of unpaired(entriesOf(one), entriesOf(other)))
          below(ANY, left, right, place, hidden);
        return;
      default:
        if (textOf(one) !== textOf(other)) report(one, other, place, hidden);
    }
  };

  compare(monolith, extracted, root, false);
  return [...found.values()];
}

/** What is in one set and not in the other; as often as it is there, each in the order of its text. */
function unpaired(
  left: readonly Canonical[],
  right: readonly Canonical[],
): [Canonical | undefined, Canonical | undefined][] {
  const rest = new Map<string, Canonical[]>();
  for (const entry of right) {
    const text = canonicalText(entry);
    const same = rest.get(text);
    if (same) same.push(entry);
    else rest.set(text, [entry]);
  }
  const onlyLeft: [string, Canonical][] = [];
  for (const entry of left) {
    const text = canonicalText(entry);
    if (rest.get(text)?.pop() === undefined) onlyLeft.push([text, entry]);
  }
  const byText = ([a]: [string, Canonical], [b]: [string, Canonical]) => (a < b ? -1 : 1);
  const lefts = onlyLeft.toSorted(byText);
  const rights = [...rest]
    .flatMap(([text, entries]) => entries.map((entry): [string, Canonical] => [text, entry]))
    .toSorted(byText);
  return Array.from({ length: Math.max(lefts.length, rights.length) }, (_, index) => [
    lefts[index]?.[1],
    rights[index]?.[1],
  ]);
}

function kindOf(value: Canonical | undefined): string {
  if (value === null) return 'null';
  return typeof value === 'object' ? value.kind : typeof value;
}

function textOf(value: Canonical | undefined): string | undefined {
  return value === undefined ? undefined : canonicalText(value);
}

function membersOf(value: Canonical | undefined): ReadonlyMap<string, Canonical> {
  return (value as Extract<Canonical, { kind: 'object' }>).members;
}

function entriesOf(value: Canonical | undefined): readonly Canonical[] {
  return (value as Extract<Canonical, { kind: 'list' | 'set' }>).entries;
}

function generalPath(keys: readonly (string | number)[]): string {
  return `$${keys.map((key) => (typeof key === 'number' ? '[*]' : member(key))).join('')}`;
}

function exactPath(keys: readonly (string | number)[]): string {
  return `$${keys.map((key) => (typeof key === 'number' ? `[${key === ANY ? '*' : key}]` : member(key))).join('')}`;
}

function member(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? `.${name}` : `['${name.replaceAll(/['\\]/g, String.raw`\$&`)}']`;
}
