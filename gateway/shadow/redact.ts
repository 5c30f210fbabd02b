import type { AnswerRule, Canonical } from './canonical-json.ts';
import type { Place } from './path-rules.ts';

/** Stands for what nobody may read. */
export const REMOVED = '(removed)';

/** Longest value in an example, in characters. */
const LONGEST = 200;

/** Members and fields with such names hold secrets, whatever the context declares. */
const SECRET_NAME =
  /passw|passphrase|secret|token|credential|authori[sz]ation|cookie|session|(?:^|[_-])sid$|api[_-]?key|private[_-]?key|access[_-]?key|signature|csrf|xsrf|(?:^|[_-])otp$|(?:^|[_-])pin$|(?:^|[_-])cvv|iban|card[_-]?number/i;

/** Secrets that show by their shape: a JWT (RFC 7519), a bearer token, a PEM block, a password in a URL. */
const SECRET_VALUE =
  /eyJ[\w-]{5,}\.[\w-]+\.[\w-]*|\bBearer\s+\S+|-----BEGIN [A-Z ]+-----[^]*|(?<=:\/\/)[^/\s@:]*:[^/\s@]+(?=@)/g;

export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}

export function isPersonal(place: Place<AnswerRule>): boolean {
  return place.rules.some(({ use }) => use === 'personal');
}

/**
 * Whether a value stands in the way of something personal: it isn't what the declared place leads through, because one
 * side answers in another shape. It may be the personal value itself.
 */
export function isInTheWay(value: Canonical | undefined, place: Place<AnswerRule>): boolean {
  const ahead = place.ahead.filter(({ rule }) => rule.use === 'personal');
  if (ahead.length === 0 || value === undefined || value === null) return false;
  if (typeof value !== 'object' || value.kind === 'number') return true;
  if (value.kind === 'ignored') return false;
  const other = value.kind === 'object' ? 'index' : 'name';
  return ahead.some(({ by }) => by === other);
}

/** A value as an example shows it: JSON, without secrets and what is declared personal, cut where it is long. */
export function shown(value: Canonical | undefined, place: Place<AnswerRule>): string | undefined {
  if (value === undefined) return undefined;
  return cut(withoutSecrets(jsonOf(value, place)));
}

/** A text that is no JSON, under the same rules. */
export function shownText(name: string, text: string): string {
  return isSecretName(name) ? REMOVED : cut(withoutSecrets(text));
}

function withoutSecrets(text: string): string {
  return text.replaceAll(SECRET_VALUE, REMOVED);
}

function cut(text: string): string {
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}…`;
}

function jsonOf(value: Canonical, place: Place<AnswerRule>): string {
  if (isPersonal(place) || isInTheWay(value, place)) return REMOVED;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  switch (value.kind) {
    case 'ignored':
      return '(ignored)';
    case 'number':
      return numberText(value.form);
    case 'object':
      return `{${[...value.members]
        .map(
          ([name, member]) =>
            `${JSON.stringify(name)}:${isSecretName(name) ? REMOVED : jsonOf(member, place.step(name))}`,
        )
        .join()}}`;
    default:
      return `[${value.entries.map((entry, index) => jsonOf(entry, place.step(index))).join()}]`;
  }
}

/** `19.99` rather than `1999e-2`. */
function numberText(form: string): string {
  const [, sign, digits, power] = /^(-?)(\d+)e(-?\d+)$/.exec(form) ?? [];
  if (digits === undefined) return form;
  const exponent = Number(power);
  if (exponent >= 0) return exponent > 20 ? form : `${sign}${digits}${'0'.repeat(exponent)}`;
  if (exponent < -20) return form;
  const padded = digits.padStart(1 - exponent, '0');
  return `${sign}${padded.slice(0, exponent)}.${padded.slice(exponent)}`;
}
