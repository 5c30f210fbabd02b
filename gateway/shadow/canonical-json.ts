import type { Normaliser } from '../../contexts/index.ts';
import { normaliseNumber, normaliseText } from './normalise.ts';
import { formOf, type Json } from './parse-json.ts';
import type { Place } from './path-rules.ts';

/** What a context says of a place in its answers. */
export type AnswerRule =
  | { readonly use: 'ignore' }
  | { readonly use: 'set' }
  | { readonly use: 'personal' }
  | { readonly use: 'normalise'; readonly normaliser: Normaliser };

/** A document as it is compared: what is ignored is out, what is normalised is in its one form. */
export type Canonical =
  | null
  | boolean
  | string
  | { readonly kind: 'number'; readonly form: string }
  | { readonly kind: 'object'; readonly members: ReadonlyMap<string, Canonical> }
  | { readonly kind: 'list' | 'set'; readonly entries: readonly Canonical[] }
  /** An entry of a list that is ignored: those behind it keep their place. */
  | { readonly kind: 'ignored' };

const IGNORED: Canonical = { kind: 'ignored' };

/** Throws a RangeError for what is nested deeper than the stack. */
export function canonical(
  value: Json,
  place: Place<AnswerRule>,
  everywhere: readonly Normaliser[],
): Canonical {
  let set = false;
  let normalisers = everywhere;
  for (const rule of place.rules) {
    if (rule.use === 'ignore') return IGNORED;
    if (rule.use === 'set') set = true;
    if (rule.use === 'normalise') normalisers = normalisers.concat(rule.normaliser);
  }
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'string') return normalisers.length === 0 ? value : normaliseText(value, normalisers);
  const form = formOf(value);
  if (form !== undefined) return { kind: 'number', form: normaliseNumber(form, normalisers) };
  if (Array.isArray(value)) {
    const entries = (value as Json[]).map((entry, index) => canonical(entry, place.step(index), everywhere));
    return { kind: set ? 'set' : 'list', entries };
  }
  const members = new Map<string, Canonical>();
  for (const [name, member] of Object.entries(value as Record<string, Json>)) {
    const found = canonical(member, place.step(name), everywhere);
    if (found !== IGNORED) members.set(name, found);
  }
  return { kind: 'object', members };
}

/** The same text for two documents exactly when they are equal. */
export function canonicalText(value: Canonical): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  switch (value.kind) {
    case 'ignored':
      return '';
    case 'number':
      return value.form;
    case 'list':
      return `[${value.entries.map(canonicalText).join()}]`;
    case 'set':
      return `{[${value.entries.map(canonicalText).toSorted().join()}]}`;
    case 'object':
      return `{${[...value.members]
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, member]) => `${JSON.stringify(name)}:${canonicalText(member)}`)
        .join()}}`;
  }
}
