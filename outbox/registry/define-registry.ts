import { mistakeOfText, show } from '../mistake-of-text.ts';
import type { Registry } from './registry.ts';
import { isStandardSchema } from './standard-schema.ts';

/** A registry that can't be one, with all that is wrong with it. */
export class InvalidRegistryError extends Error {
  readonly mistakes: readonly string[];
  constructor(mistakes: readonly string[]) {
    super(
      `the registry has ${mistakes.length === 1 ? 'a mistake' : `${mistakes.length} mistakes`}:\n` +
        mistakes.map((mistake) => `  ${mistake}`).join('\n'),
    );
    this.name = 'InvalidRegistryError';
    this.mistakes = mistakes;
  }
}

/** Checks a registry and returns it as it is. Throws InvalidRegistryError with all its mistakes. */
export function defineRegistry<const Given extends Registry>(registry: Given): Given {
  const mistakes = mistakesOf(registry);
  if (mistakes.length > 0) throw new InvalidRegistryError(mistakes);
  return registry;
}

/** A path as in `personal`: names without dots, or `*`, joined by dots. */
const PATH = /^[^.\p{Cc}]+(\.[^.\p{Cc}]+)*$/u;

function mistakesOf(registry: unknown): string[] {
  const mistakes: string[] = [];
  const say = (path: string, mistake: string | undefined) => {
    if (mistake !== undefined) mistakes.push(`${path}: ${mistake}`);
  };
  const only = (path: string, value: object, known: readonly string[]) => {
    for (const field of Object.keys(value))
      if (!known.includes(field))
        say(`${path}${path && '.'}${field}`, `is no field; there are ${known.join(', ')}`);
  };
  if (!isRecord(registry)) return [`the registry is ${show(registry)}, it must be { events: { … } }`];
  only('', registry, ['events', 'aggregates']);
  const { events, aggregates = {} } = registry;
  if (!isRecord(events) || Object.keys(events).length === 0) {
    say(
      'events',
      `is ${isRecord(events) ? 'empty' : show(events)}, it must declare event types by their names`,
    );
  }
  const used = new Set<unknown>();
  for (const [type, declaration] of Object.entries(isRecord(events) ? events : {})) {
    const path = `events.${type}`;
    say(path, mistakeOfText(type, 190));
    if (!isRecord(declaration)) {
      say(path, `is ${show(declaration)}, it must be { aggregate, versions }`);
      continue;
    }
    only(path, declaration, ['aggregate', 'versions', 'personal', 'onPoison']);
    const { aggregate, versions, personal = [], onPoison = 'wait' } = declaration;
    say(`${path}.aggregate`, mistakeOfAggregate(aggregate));
    used.add(aggregate);
    checkVersions(`${path}.versions`, versions, say, only);
    if (onPoison !== 'wait' && onPoison !== 'skip')
      say(`${path}.onPoison`, `is ${show(onPoison)}, it must be 'wait' or 'skip'`);
    for (const one of Array.isArray(personal) ? personal : [personal])
      if (typeof one !== 'string' || !PATH.test(one) || !Array.isArray(personal))
        say(
          `${path}.personal`,
          `${show(one)} is no list of paths such as ['customer.email', 'lines.*.note']`,
        );
  }
  if (!isRecord(aggregates))
    say('aggregates', `is ${show(aggregates)}, it must declare aggregate types by their names`);
  for (const [type, declaration] of Object.entries(isRecord(aggregates) ? aggregates : {})) {
    const path = `aggregates.${type}`;
    if (!isRecord(declaration)) {
      say(path, `is ${show(declaration)}, it must be { ordered: 'sequence' } or {}`);
      continue;
    }
    only(path, declaration, ['ordered']);
    if (declaration['ordered'] !== undefined && declaration['ordered'] !== 'sequence')
      say(`${path}.ordered`, `is ${show(declaration['ordered'])}, it must be 'sequence' or left out`);
    // A slip of the pen here would leave an aggregate without its numbers, and nobody would see it.
    if (!used.has(type)) say(path, 'no event type declares this aggregate');
  }
  return mistakes;
}

function checkVersions(
  path: string,
  versions: unknown,
  say: (path: string, mistake: string | undefined) => void,
  only: (path: string, value: object, known: readonly string[]) => void,
): void {
  if (!isRecord(versions) || Object.keys(versions).length === 0)
    return say(
      path,
      `is ${isRecord(versions) ? 'empty' : show(versions)}, it must have at least { 1: { schema } }`,
    );
  const numbers = Object.keys(versions).map(Number);
  if (!numbers.every((number) => Number.isInteger(number) && number >= 1 && number < 2 ** 31))
    return say(path, `has ${Object.keys(versions).join(', ')}; versions are whole numbers from 1 on`);
  const oldest = Math.min(...numbers);
  const newest = Math.max(...numbers);
  if (newest - oldest + 1 !== numbers.length)
    say(path, `has ${numbers.join(', ')}; between ${oldest} and ${newest} none may be missing`);
  for (const number of numbers) {
    const version = versions[number];
    if (!isRecord(version)) {
      say(
        `${path}.${number}`,
        `is ${show(version)}, it must be { schema${number > oldest ? ', upcast' : ''} }`,
      );
      continue;
    }
    only(`${path}.${number}`, version, ['schema', 'upcast']);
    if (!isStandardSchema(version['schema']))
      say(
        `${path}.${number}.schema`,
        `is ${show(version['schema'])}, it must be a Standard Schema validator (zod, valibot, …)`,
      );
    const upcast = version['upcast'];
    if (number === oldest && upcast !== undefined)
      say(`${path}.${number}.upcast`, 'there is no older version that it could begin with');
    if (number > oldest && typeof upcast !== 'function')
      say(
        `${path}.${number}.upcast`,
        `is ${show(upcast)}, it must be a function that makes this version's data from the one before`,
      );
  }
}

function mistakeOfAggregate(type: unknown): string | undefined {
  return (
    mistakeOfText(type, 64) ??
    ((type as string).includes(':') ? `is ${show(type)}, without ':', which ends it in the key` : undefined)
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
