import type { PersonalPlace } from './mask.ts';
import { declarationOf, type Registry } from './registry/registry.ts';
import { captureOf } from './row-change.ts';

/** The personal places in the data of an event type, as `maskData` takes them; none where nothing is declared. */
export type PersonalPlaces = (type: string) => readonly PersonalPlace[];

/** All members: of data that nobody has declared, nobody knows what is personal. */
const ALL: PersonalPlace = ['*'];

/**
 * What is declared personal: by the registry for its event types, by captures for the columns of their rows, which a
 * row change has before and after the change. Where there is a registry, all values of a type that it doesn't have are,
 * and so are all of a capture that isn't there any more.
 */
export function personalPlaces({
  registry,
  captures = {},
}: {
  readonly registry?: Registry | undefined;
  readonly captures?: Readonly<Record<string, { readonly personal: readonly string[] }>>;
}): PersonalPlaces {
  return (type) => {
    const capture = captureOf(type);
    const declaration = registry && declarationOf(registry, type);
    if (capture === undefined && registry && !declaration) return [ALL];
    const known = capture === undefined || Object.hasOwn(captures, capture);
    if (!known && !declaration)
      return [
        ['before', ...ALL],
        ['after', ...ALL],
      ];
    const columns = capture !== undefined && known ? captures[capture]!.personal : [];
    return [
      ...(declaration?.personal ?? []).map((path) => path.split('.')),
      ...columns.flatMap((column) => [
        ['before', column],
        ['after', column],
      ]),
    ];
  };
}
