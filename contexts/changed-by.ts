import { readAbsoluteForm } from './absolute-form.ts';
import { readingsOf } from './readings.ts';
import { parseRoute, type PatternSegment } from './route-pattern.ts';
import { canonicalTarget, splitTarget } from './target.ts';

/** Whether a request of this method and target is one after which its session may be another's. */
export type ChangedBy = (method: string, target: string) => boolean;

/**
 * Undefined where no route is. What is matched for nothing costs a question to the monolith, what is missed lets a
 * log-out go unseen: any reading of the target counts, upper and lower case alike. The config has been checked: a route
 * that can't be read throws.
 */
export function compileChangedBy(routes: readonly string[]): ChangedBy | undefined {
  if (routes.length === 0) return undefined;
  const patterns = routes.map((route) => {
    const pattern = parseRoute(route);
    if ('mistake' in pattern) throw new Error(`route '${route}': ${pattern.mistake}`);
    return pattern;
  });
  const ofAny = patterns.filter(({ method }) => method === '*');
  const byMethod = new Map(
    patterns.map(({ method }) => [
      method,
      patterns.filter((one) => one.method === method || one.method === '*'),
    ]),
  );
  return (method, received) => {
    // This is asked of every request: most have a method of which there is no route.
    const asked = byMethod.get(method) ?? ofAny;
    if (asked.length === 0) return false;
    const target = received.startsWith('/') ? received : (readAbsoluteForm(received)?.target ?? received);
    const canonical = canonicalTarget(target);
    const readings = 'odd' in canonical ? readingsOf(splitTarget(target).path) : [canonical.path];
    if (readings === undefined) return true;
    return readings.some((path) => {
      const texts = path.toLowerCase().slice(1).split('/');
      return asked.some(({ segments }) => matches(segments, texts));
    });
  };
}

function matches(segments: readonly PatternSegment[], texts: readonly string[]): boolean {
  for (const [index, segment] of segments.entries()) {
    if (segment.kind === 'rest') return true;
    const text = texts[index];
    if (text === undefined) return false;
    if (segment.kind === 'literal' ? segment.text.toLowerCase() !== text : text === '') return false;
  }
  return segments.length === texts.length || (texts.length === segments.length + 1 && texts.at(-1) === '');
}
