import type { z } from 'zod';

type Issue = z.core.$ZodIssue;

const KINDS: Record<string, string> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'a map',
  record: 'a map',
  array: 'a list',
};

/** Fields whose values nobody may read in a message or a log. */
const SECRET = new Set(['headers', 'token', 'database', 'redis', 'url', 'endpoint', 'keys', 'secret']);

/** A union reports each branch; the one that has fields at all, and the fewest mistakes, is what the author meant. */
export function flattenIssues(issues: readonly Issue[]): Issue[] {
  return issues.flatMap((issue) => {
    if (issue.code !== 'invalid_union') return [issue];
    const meant = issue.errors
      .filter((branch) => branch.some((inner) => inner.path.length > 0))
      .toSorted((a, b) => a.length - b.length)[0];
    if (!meant) return [issue];
    return flattenIssues(meant.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] })));
  });
}

/** What was found and what is required. `written` is the value as it stands in the file, references unresolved. */
export function describeIssue(issue: Issue, written: unknown): string {
  if (issue.code === 'unrecognized_keys') {
    const keys = issue.keys.map((key) => `'${key}'`).join(', ');
    return `unknown ${issue.keys.length > 1 ? 'fields' : 'field'} ${keys}; remove or correct ${issue.keys.length > 1 ? 'them' : 'it'}`;
  }
  if (issue.code === 'invalid_key') {
    return `the name '${String(issue.path.at(-1))}' is not possible; required: ${issue.issues.map(required).join('; ')}`;
  }
  if (written === undefined) return `missing; required: ${required(issue)}`;
  const secret = issue.path.some((step) => SECRET.has(String(step)));
  return secret ? `required: ${required(issue)}` : `found ${shown(written)}; required: ${required(issue)}`;
}

function required(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return KINDS[issue.expected] ?? issue.expected;
    case 'invalid_value':
      return issue.values.length === 1
        ? String(issue.values[0])
        : `one of ${issue.values.map(String).join(', ')}`;
    case 'too_big':
      return ownWords(issue) ?? `at most ${size(issue.origin, issue.maximum)}`;
    case 'too_small':
      return ownWords(issue) ?? `at least ${size(issue.origin, issue.minimum)}`;
    case 'invalid_union':
      return [...new Set(issue.errors.flatMap((branch) => branch.map(required)))].join(', or ');
    default:
      return issue.message;
  }
}

/** The schema's own words, where it has some. */
function ownWords({ message }: Issue): string | undefined {
  return /^Too (big|small)/.test(message) ? undefined : message;
}

function size(origin: string, limit: number | bigint): string {
  if (origin === 'string') return `${limit} ${limit === 1 ? 'character' : 'characters'}`;
  return origin === 'array' ? `${limit} ${limit === 1 ? 'entry' : 'entries'}` : String(limit);
}

function shown(value: unknown): string {
  if (typeof value === 'string') return `'${value.length > 60 ? `${value.slice(0, 60)}…` : value}'`;
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (value !== null && typeof value === 'object') return 'a map';
  return value === null ? 'nothing' : String(value);
}
