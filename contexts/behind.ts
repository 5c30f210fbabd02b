import type { Config } from './config.ts';

/** Why a lag, in milliseconds, is too great for `maxLag`; undefined where it isn't. Unknown, or below zero, it is. */
export function tooFarBehind(maxLag: number, lag: number | undefined): string | undefined {
  if (lag === undefined || lag < 0) return 'the consumer’s lag is unknown';
  return lag > maxLag ? `the consumer’s lag is above maxLag (${maxLag} ms)` : undefined;
}

/** Of all contexts with `maxLag`, those that are too far behind, with the reason. */
export function contextsBehind(
  { contexts }: Pick<Config, 'contexts'>,
  lags: Readonly<Record<string, number>>,
): Map<string, string> {
  return new Map(
    Object.entries(contexts).flatMap(([name, { maxLag }]): [string, string][] => {
      const why = maxLag === undefined ? undefined : tooFarBehind(maxLag, lags[name]);
      return why === undefined ? [] : [[name, why]];
    }),
  );
}
