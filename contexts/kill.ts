import type { OwnAnswer } from './retired.ts';
import { settle } from './settled.ts';
import type { ContextSnapshot, Snapshot } from './snapshot.ts';
import type { WritesStage } from './stage.ts';

/**
 * What becomes of a killed context whose writes have moved. `accept-loss`: its writes stay with the extracted
 * service, and the monolith answers reads without what was written there. `hold-writes`: nobody gets its writes.
 */
export type KillConsent = 'accept-loss' | 'hold-writes';
export const KILL_CONSENTS: readonly KillConsent[] = ['accept-loss', 'hold-writes'];

/** On this gateway the context's reads are the monolith's, whatever its stage says, until it is released by name. */
export interface Kill {
  /** Unlike any other kill's on any gateway. */
  readonly id: string;
  /** ISO 8601, UTC, by the gateway's clock. */
  readonly at: string;
  /** Who did it. */
  readonly by: string;
  readonly reason: string | null;
  /** Null where none was asked for: the monolith owned the writes. */
  readonly consent: KillConsent | null;
}

/** That a context was killed or released on one gateway, for the audit. */
export interface KillRecord extends Kill {
  readonly action: 'kill' | 'release';
  readonly gateway: string;
  readonly context: string;
}

/** A kill as it is decided by. */
export interface Killed {
  /** Why its reads go to the monolith. */
  readonly reads: string;
  /** There while the context's writes are held: why, and what the gateway answers. */
  readonly writes: { readonly reason: string; readonly answer: OwnAnswer } | undefined;
}

/** Whether the extracted service has, or had, writes that the monolith lacks. */
export function writesMoved({ stage }: WritesStage): boolean {
  return stage !== 'legacy';
}

/**
 * The snapshot with these contexts killed, and no others; the very same one where none is. `retryAfter` is what clients
 * are told whose write is held, in milliseconds.
 */
export function withKills(
  snapshot: Snapshot,
  kills: ReadonlyMap<string, Kill>,
  retryAfter: number,
): Snapshot {
  const contexts = new Map<string, ContextSnapshot>();
  let same = true;
  for (const [name, context] of snapshot.contexts) {
    const kill = kills.get(name);
    same &&= kill === undefined && context.killed === undefined;
    const killed = kill && killedOf(kill, context.stages.writes, retryAfter);
    contexts.set(name, Object.freeze({ ...context, killed }));
  }
  return same ? snapshot : settle({ ...snapshot, contexts, inOrder: [...contexts.values()] });
}

function killedOf({ at, by, consent }: Kill, writes: WritesStage, retryAfter: number): Killed {
  const killed = `killed at ${at} by ${by}`;
  const held = consent === 'hold-writes' && writes.stage === 'extracted';
  // RFC 9110 §10.2.3: whole seconds.
  const fields = { 'retry-after': String(Math.ceil(retryAfter / 1_000)) };
  return Object.freeze({
    reads: `${killed}: reads → monolith`,
    writes: held
      ? { reason: `${killed}: writes are held → 503`, answer: { status: 503, fields } }
      : undefined,
  });
}
