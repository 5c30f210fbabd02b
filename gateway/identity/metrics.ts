import { Counter, Gauge, type Registry } from 'prom-client';
import type { Caller, Failing } from './caller.ts';

/** What is counted of identities. */
export interface IdentityMetrics {
  /** The monolith was asked: who, nobody, or why nobody knows. */
  asked(caller: Caller): void;
  /** Nobody had to ask. */
  knew(): void;
  /** What was known of a session was forgotten, since it was changed. */
  forgot(): void;
}

export type AskedOutcome = 'user' | 'nobody' | Failing;

export function identityMetrics(registry: Registry, sessions: () => number): IdentityMetrics {
  const registers = [registry];
  const asked = new Counter({
    name: 'banyan_gateway_identity_asked_total',
    help: 'Questions to the monolith who is calling, by what came of them: user, nobody, or late, full, connection, wrong.',
    labelNames: ['outcome'] as const,
    registers,
  });
  const known = new Counter({
    name: 'banyan_gateway_identity_known_total',
    help: 'Requests whose caller was known, or being asked for, already.',
    registers,
  });
  const forgotten = new Counter({
    name: 'banyan_gateway_identity_forgotten_total',
    help: 'Log-outs and other changes of a session after which the monolith is asked anew.',
    registers,
  });
  new Gauge({
    name: 'banyan_gateway_identity_sessions',
    help: 'Sessions that are known for a moment.',
    registers,
    collect() {
      this.set(sessions());
    },
  });
  return {
    asked: (caller) => asked.inc({ outcome: caller.kind === 'failed' ? caller.how : caller.kind }),
    knew: () => known.inc(),
    forgot: () => forgotten.inc(),
  };
}
