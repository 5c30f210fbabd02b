import type { IncomingMessage } from 'node:http';
import { publicKeys, type Config, type Decision, type OwnAnswer } from '../../contexts/index.ts';
import type { Log } from '../../runtime/log.ts';
import type { Shed } from '../protection/guard.ts';
import type { CallerFinder } from './find-caller.ts';
import { refuseNobody } from './refuse-nobody.ts';
import { openSign } from './sign.ts';
import { tellService } from './tell-service.ts';

/** A request with what its service is told; what the gateway answers to nobody; or that nobody knows who is calling. */
export type Identified =
  { readonly decision: Decision } | { readonly answer: OwnAnswer } | { readonly shed: Shed };

/** Finds out who is calling and tells extracted services, where their context says so. */
export interface Identity {
  /** Whether the request's service is to be told. Asked of every request. */
  concerns(decision: Decision): boolean;
  /** Never rejects. The decision is one that it concerns, or its copy for the service. */
  identify(decision: Decision, request: IncomingMessage): Promise<Identified>;
  /** The copy of a shadowed read with its token; the decision has a `shadow`. Undefined: the context has no identity. */
  identifyCopy(decision: Decision, request: IncomingMessage): Promise<Identified> | undefined;
  readonly changes: CallerFinder['changes'];
  readonly cookieSet: CallerFinder['cookieSet'];
  /** The path of the public keys on the listening port; undefined for none. */
  readonly jwksPath: string | undefined;
  /** The public keys, as JSON. */
  readonly jwks: string;
  close(): void;
}

const UNKNOWN: Identified = { shed: { cause: 'identity', retryAfter: 1 } };

/** The config has `gateway.identity`. */
export function openIdentity(config: Config, finder: CallerFinder, log: Log): Identity {
  const written = config.gateway.identity!;
  const { monolith } = config;
  const sign = openSign(written, config.contexts);
  const tell = tellService(written.strip);
  const told = new Map(
    Object.entries(config.contexts).flatMap(([name, { identity }]) =>
      identity ? [[name, refuseNobody(identity, written)] as const] : [],
    ),
  );
  const identify = async (decision: Decision, request: IncomingMessage): Promise<Identified> => {
    const context = decision.context!;
    const caller = await finder.find(request);
    if (caller.kind === 'failed') return UNKNOWN;
    if (caller.kind === 'nobody') {
      const answer = told.get(context)?.(request.method!);
      return answer ? { answer } : { decision: { ...decision, edits: tell(decision.edits, undefined) } };
    }
    try {
      const token = await sign(context, caller);
      return { decision: { ...decision, edits: tell(decision.edits, token) } };
    } catch (error) {
      log.error({ context, err: error }, 'who is calling can’t be signed');
      return UNKNOWN;
    }
  };
  return {
    concerns: ({ context, upstream }) => context !== undefined && upstream !== monolith && told.has(context),
    identify,
    identifyCopy(decision, request) {
      if (!told.has(decision.context!)) return undefined;
      return identify({ ...decision, edits: decision.shadow!.edits }, request);
    },
    changes: finder.changes,
    cookieSet: finder.cookieSet,
    jwksPath: written.jwks,
    jwks: `${JSON.stringify(publicKeys(written.keys))}\n`,
    close: finder.close,
  };
}
