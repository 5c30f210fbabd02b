/** What a place of a line stands for: a figure, or why there is none. */
export type Spark = number | 'unknown' | 'missing';

const BARS = [...'▂▃▄▅▆▇█'];
const [ZERO, UNKNOWN, MISSING] = ['▁', '?', '·'];

/**
 * The figures as a line of bars, the greatest the tallest; zero alone is flat. What is unknown is `?`, what is missing `·`:
 * neither looks like a figure. Where there are more figures than `width`, each place has several: the greatest of
 * them, `?` where any is unknown, and `·` where all are missing.
 */
export function sparkline(sparks: readonly Spark[], width: number): string {
  const each = Math.max(1, Math.ceil(sparks.length / width));
  const places = Array.from({ length: Math.ceil(sparks.length / each) }, (_, index) =>
    greatest(sparks.slice(index * each, (index + 1) * each)),
  );
  const most = Math.max(0, ...places.filter((place) => typeof place === 'number'));
  return places.map((place) => bar(place, most)).join('');
}

/** The greatest of the figures; unknown counts as greater than any. */
export function greatest(sparks: readonly Spark[]): Spark {
  if (sparks.includes('unknown')) return 'unknown';
  const figures = sparks.filter((spark) => typeof spark === 'number');
  return figures.length === 0 ? 'missing' : Math.max(...figures);
}

function bar(place: Spark, most: number): string {
  if (place === 'unknown') return UNKNOWN;
  if (place === 'missing') return MISSING;
  return place === 0 ? ZERO : BARS[Math.ceil((place / most) * BARS.length) - 1]!;
}
