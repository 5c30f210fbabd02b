import type { IncomingMessage } from 'node:http';
import { cohortOf, type ContextConfig, type Decision } from '../../contexts/index.ts';

/** Whose request it is: what a lag is told apart by. */
export type Who = (decision: Decision, request: IncomingMessage) => string | undefined;

/** By the context's cohort, wherever it is taken from. */
export function whoAsks(
  { cohort, routes }: Pick<ContextConfig, 'cohort' | 'routes'>,
  clientAddress: (request: IncomingMessage) => string,
): Who {
  if (!cohort) return () => undefined;
  if ('address' in cohort)
    return (_, request) => cohortOf(cohort, request.headers, { address: clientAddress(request) });
  if (!('parameter' in cohort)) return (_, request) => cohortOf(cohort, request.headers);
  const segments = new Map(
    routes.map(({ match }) => [match, match.split(/[ ?]/)[1]!.split('/').indexOf(`:${cohort.parameter}`)]),
  );
  return ({ route }, request) => {
    const path = request.url!.split('?', 1)[0]!;
    const parameter = path.split('/')[segments.get(route!) ?? -1];
    return cohortOf(cohort, request.headers, { parameter });
  };
}
