import type { Ending, SeenAttempt, Sighting } from './sighting.ts';

type Attributes = Record<string, string | number>;

/** Of the server's span, by the stable semantic conventions for HTTP; what is Banyan's own begins with `banyan.`. */
export function requestAttributes(sighting: Sighting, ending: Ending): Attributes {
  const { request, target, host, decision, attempts, fellBack, client } = sighting;
  const mark = target.indexOf('?');
  return defined({
    'http.request.method': request.method,
    'url.path': mark < 0 ? target : target.slice(0, mark),
    'url.scheme': sighting.secure ? 'https' : 'http',
    'server.address': host,
    'client.address': client,
    'user_agent.original': request.headers['user-agent'],
    'network.protocol.version': request.httpVersion,
    'http.route':
      decision.route === undefined ? undefined : decision.route.slice(decision.route.indexOf(' ') + 1),
    'http.response.status_code': ending.status,
    'error.type': failureWords(ending),
    'banyan.context': decision.context,
    'banyan.kind': decision.kind,
    'banyan.upstream': attempts.at(-1)?.upstream ?? (decision.upstream || undefined),
    'banyan.reason': decision.reason,
    'banyan.revision': decision.revision,
    'banyan.fallback': fellBack,
    'banyan.shed': ending.shed,
  });
}

/** Of the span of one try to get an answer. */
export function attemptAttributes({ request, attempts }: Sighting, attempt: SeenAttempt): Attributes {
  const { upstream, status, failure, began, sent } = attempt;
  const before = attempts.indexOf(attempt);
  return defined({
    'http.request.method': request.method,
    'server.address': upstream,
    'http.response.status_code': status,
    'http.request.resend_count': attempts[before - 1]?.upstream === upstream ? before : undefined,
    'error.type': failure
      ? failureType(failure)
      : status !== undefined && status >= 400
        ? `${status}`
        : undefined,
    'banyan.upstream': upstream,
    'banyan.connect_ms': sent === undefined ? undefined : Math.round((sent - began) * 100) / 100,
  });
}

/** Undefined where nothing failed. */
export function failureWords({ status, failure, shed, limit }: Ending): string | undefined {
  if (limit !== undefined) return limit;
  if (shed !== undefined) return `shed: ${shed}`;
  if (failure) return failureType(failure);
  return status !== undefined && status >= 500 ? `${status}` : undefined;
}

function failureType({ side, phase }: NonNullable<Ending['failure']>): string {
  return `${side} ${phase}`;
}

function defined(attributes: Record<string, string | number | undefined>): Attributes {
  return Object.fromEntries(
    Object.entries(attributes).filter(([, value]) => value !== undefined),
  ) as Attributes;
}
