import type { ContextStatus, UpstreamStatus } from '../gateway-status.ts';
import type { Criterion } from './criterion.ts';
import { count } from './spell.ts';

/** The gateways, as far as anybody knows of them. */
export interface FleetEvidence {
  readonly reached: readonly {
    readonly gateway: string;
    readonly generation: string;
    readonly revision: number;
    readonly missing: string | null;
  }[];
  readonly unreached: readonly { readonly ops: string; readonly problem: string }[];
  /** Registered, and at none of the addresses. */
  readonly unasked: readonly string[];
  /** Why the register can't be asked whether there are more; undefined when it was. */
  readonly register: string | undefined;
  /** What the store has; undefined when it can't be asked. */
  readonly stored: { readonly generation: string; readonly revision: number } | undefined;
}

/** All gateways have told what they see, and all are at the same revision as the store. */
export function judgeGateways(fleet: FleetEvidence): Criterion {
  const { reached, unreached, unasked, register, stored } = fleet;
  // One that wasn't reached and one that is registered may be the same.
  const all = reached.length + Math.max(unreached.length, unasked.length);
  const revision = Math.max(0, ...reached.map((one) => one.revision), stored?.revision ?? 0);
  const generation = stored?.generation ?? reached[0]?.generation;
  const behind = reached.filter(
    (one) => one.revision < revision || one.generation !== generation || one.missing,
  );
  const told = {
    name: 'gateways',
    required: 'one revision',
    reading: `${reached.length - behind.length} of ${all} at revision ${revision}`,
    evidence: 'now',
    figures: { reached: reached.length, known: all, revision, behind: behind.length },
  } as const;
  const [late] = behind;
  if (late)
    return {
      ...told,
      outcome: 'no-go',
      why: late.missing
        ? `${late.gateway}: ${late.missing}`
        : `${late.gateway} is at revision ${late.revision}${late.generation === generation ? '' : ' of another store'}`,
    };
  const [away] = unreached;
  if (away) return { ...told, outcome: 'unknown', why: `${away.ops} was not reached: ${away.problem}` };
  if (unasked.length > 0)
    return {
      ...told,
      outcome: 'unknown',
      why: `${unasked.join(', ')}: registered, and at none of gateway.fleet`,
    };
  if (register !== undefined)
    return { ...told, outcome: 'unknown', why: `whether there are more gateways is unknown: ${register}` };
  return { ...told, outcome: 'go', why: `${count(all, 'gateway')} at revision ${revision}` };
}

/** Killed on any gateway: then what is measured says nothing about the stage. Undefined where it isn't. */
export function judgeKill(
  states: readonly { gateway: string; state: ContextStatus }[],
): Criterion | undefined {
  const killed = states.filter(({ state }) => state.kill);
  const [first] = killed;
  if (!first) return undefined;
  const { at, by, reason } = first.state.kill!;
  return {
    ...{ name: 'kill switch', outcome: 'no-go', required: 'not killed' },
    reading: `killed on ${killed.length} of ${count(states.length, 'gateway')}`,
    evidence: 'now',
    why: `killed at ${at.slice(0, 19)}Z by ${by}${reason ? ` (${reason})` : ''}: its reads go to the monolith`,
    figures: { killed: killed.length, gateways: states.length },
  };
}

/** What breakers and active checks of all gateways say of the extracted service. */
export function judgeService(
  states: readonly { gateway: string; state: Pick<UpstreamStatus, 'breaker' | 'health' | 'why'> }[],
): Criterion {
  const bad = states.filter(({ state }) => isBad(state));
  const [first] = bad;
  const guarded = states.some(({ state }) => state.breaker !== null || state.health !== null);
  const told = {
    name: 'service',
    required: 'closed, healthy',
    evidence: 'now',
    figures: { bad: bad.length, gateways: states.length },
  } as const;
  if (first) {
    const { breaker, health, why } = first.state;
    const what = health === 'unhealthy' ? 'unhealthy' : `breaker ${breaker}`;
    const where = states.length > 1 ? ` on ${bad.length} of ${states.length}` : '';
    return {
      ...told,
      outcome: 'no-go',
      reading: `${what}${where}`,
      why: `${first.gateway}: ${what}${why ? `, ${why}` : ''}`,
    };
  }
  if (states.length === 0)
    return { ...told, outcome: 'unknown', reading: 'unknown', why: 'no gateway was reached' };
  if (!guarded)
    return { ...told, outcome: 'none', reading: 'neither breaker nor checks', why: 'nothing guards it' };
  const [{ state }] = states as [(typeof states)[number]];
  const parts = [state.breaker && `breaker ${state.breaker}`, state.health].filter((part) => part);
  return { ...told, outcome: 'go', reading: parts.join(', '), why: parts.join(', ') };
}

const isBad = ({ breaker, health }: Pick<UpstreamStatus, 'breaker' | 'health'>) =>
  health === 'unhealthy' || breaker === 'open' || breaker === 'half-open';
