import type { PersonalPlace } from './mask.ts';
import { declarationOf, type Registry } from './registry/registry.ts';
import { captureOf } from './row-change.ts';

/** The personal places in the data of an event type, as `maskData` takes them; none where nothing is declared. */
export type PersonalPlaces = (type: string) => readonly PersonalPlace[];

/**
 * What is declared personal: by the registry for its event types, by captures for the columns of their rows, which a
 * row change has before and after the change.
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
    const columns =
      capture !== undefined && Object.hasOwn(captures, capture) ? captures[capture]!.personal : [];
    return [
      ...((registry && declarationOf(registry, type)?.personal) ?? []).map((path) => path.split('.')),
      ...columns.flatMap((column) => [
        ['before', column],
        ['after', column],
      ]),
    ];
  };
}
