import type { PatternSegment } from './route-pattern.ts';

/** How a path that the extracted service knows is written for clients: a route's rewrite, read the other way round. */
export interface ReverseRewrite {
  /** As the service has it. */
  readonly from: readonly PatternSegment[];
  /** As clients have it. */
  readonly to: readonly PatternSegment[];
}

/** The reverse of a rewrite. Undefined where it loses a part of the route, so that nothing leads back. */
export function reverseRewrite(
  route: readonly PatternSegment[],
  rewrite: readonly PatternSegment[],
): ReverseRewrite | undefined {
  const kept = route.every(
    (segment) =>
      segment.kind === 'literal' ||
      rewrite.some(
        (other) =>
          other.kind === segment.kind &&
          (other.kind === 'rest' ||
            (segment.kind === 'name' && 'name' in other && other.name === segment.name)),
      ),
  );
  return kept ? { from: rewrite, to: route } : undefined;
}

/** The path for clients. Undefined for one that isn't of this rewrite. `path` has no query. */
export function mapBack({ from, to }: ReverseRewrite, path: string): string | undefined {
  const parts = path.slice(1).split('/');
  const names = new Map<string, string>();
  let rest = '';
  for (const [index, segment] of from.entries()) {
    if (segment.kind === 'rest') {
      if (parts.length < from.length) return undefined;
      rest = parts.slice(index).join('/');
      parts.length = from.length;
      break;
    }
    const part = parts[index];
    if (part === undefined || (segment.kind === 'literal' && part !== segment.text)) return undefined;
    if (segment.kind === 'name') {
      if (part === '') return undefined;
      names.set(segment.name, part);
    }
  }
  if (parts.length !== from.length) return undefined;
  const back = to.map((segment) =>
    segment.kind === 'literal' ? segment.text : segment.kind === 'rest' ? rest : names.get(segment.name)!,
  );
  return `/${back.join('/')}`;
}
