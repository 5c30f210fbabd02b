import { show } from '../mistake-of-text.ts';
import { describeIssue } from './describe-issue.ts';
import { declarationOf, versionsOf, type Registry } from './registry.ts';
import type { StandardSchema } from './standard-schema.ts';

/** What an event says of itself; `data` as JSON gives it back. */
export interface CheckedEvent {
  readonly type: string;
  readonly aggregateType: string;
  readonly version: number;
  readonly data: unknown;
}

/** Why the registry doesn't take an event, with the paths of what is wrong in its data; none when it does. */
export async function mistakesByRegistry(
  registry: Registry,
  { type, aggregateType, version, data }: CheckedEvent,
): Promise<string[]> {
  const declaration = declarationOf(registry, type);
  if (declaration === undefined) {
    return [`type: ${show(type)} is not in the registry; declare it there, or take one of ${some(registry)}`];
  }
  const mistakes: string[] = [];
  if (aggregateType !== declaration.aggregate) {
    mistakes.push(
      `aggregate.type: is ${show(aggregateType)}, the registry declares ${type} for '${declaration.aggregate}'`,
    );
  }
  const versions = versionsOf(declaration);
  if (!versions.includes(version)) {
    mistakes.push(
      `version: is ${version}, the registry has ${versions.join(', ')} of ${type}; take one of these, or declare it ` +
        'there before it is written',
    );
    return mistakes;
  }
  const { schema } = declaration.versions[version]!;
  return [...mistakes, ...(await mistakesOfData(schema, data, declaration.personal ?? []))];
}

async function mistakesOfData(
  schema: StandardSchema,
  data: unknown,
  personal: readonly string[],
): Promise<string[]> {
  try {
    const { issues } = await schema['~standard'].validate(data);
    if (issues === undefined) return [];
    // A validator that only says no: issues that are there are a failure, however many they are.
    return issues.length === 0
      ? ['data: is not as its schema asks']
      : issues.map((issue) => describeIssue(issue, personal));
  } catch (error) {
    const kind = error instanceof Error ? error.name : typeof error;
    // What it says may quote the data.
    const said = personal.length === 0 && error instanceof Error ? `: ${error.message}` : '';
    return [`data: its schema failed with ${kind}${said}; it must return issues instead of throwing`];
  }
}

function some({ events }: Registry): string {
  const types = Object.keys(events);
  return types.length > 10 ? `its ${types.length} types` : types.join(', ');
}
