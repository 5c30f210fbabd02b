import { randomUUID } from 'node:crypto';
import {
  writesMoved,
  type ContextOutcome,
  type ContextSnapshot,
  type Kill,
  type KillConsent,
  type KillRecord,
} from '../../contexts/index.ts';
import type { Log } from '../../runtime/log.ts';
import type { Holder } from '../snapshot/holder.ts';
import type { Latches } from './latches.ts';

/** What somebody wants. */
export interface KillOrder {
  /** Names, or `*` for all that the gateway has. */
  readonly contexts: readonly string[] | '*';
  readonly by: string;
  readonly reason?: string | undefined;
  readonly consent?: KillConsent | undefined;
}

export interface KillSwitch {
  /** Kills what may be killed, at once, and refuses the rest: a refused context never keeps another waiting. */
  kill(order: KillOrder): Promise<Carried>;
  /** Lets the stages decide again. */
  release(order: KillOrder): Promise<Carried>;
  /** How it stands with every context. */
  list(): ContextOutcome[];
}

export interface Carried {
  readonly contexts: readonly ContextOutcome[];
  /** Why it isn't on disk; undefined when it is. It is in force all the same. */
  readonly notKept: string | undefined;
}

export interface KillSwitchOptions {
  readonly latches: Latches;
  readonly holder: Pick<Holder, 'current'>;
  /** The gateway's name. */
  readonly name: string;
  /** Contexts that the watched file names, which can't be released. */
  readonly inFile: (context: string) => string | undefined;
  readonly log: Log;
  /** Called when the audit has something to be told. */
  readonly onRecord: () => void;
}

/** The rules of the kill switch: what may be killed and released, and what is written down of it. */
export function openKillSwitch(options: KillSwitchOptions): KillSwitch {
  const { latches, holder, name, inFile, log } = options;

  const outcome = (
    context: string,
    changed: boolean,
    refused?: ContextOutcome['refused'],
  ): ContextOutcome => ({
    context,
    kill: latches.inForce().get(context) ?? null,
    ...(holder.current().contexts.get(context)?.stages.reads.stage === 'retired' ? { retired: true } : {}),
    writes: writesOf(holder.current().contexts.get(context)),
    changed,
    ...(refused ? { refused } : {}),
  });

  async function carryOut(
    order: KillOrder,
    action: KillRecord['action'],
    step: (
      context: ContextSnapshot,
      before: Kill | undefined,
    ) => Kill | undefined | ContextOutcome['refused'],
  ): Promise<Carried> {
    const { contexts, revision } = holder.current();
    const kills = new Map(latches.inForce());
    const records: KillRecord[] = [];
    const refusals = new Map<string, ContextOutcome['refused']>();
    const wanted = order.contexts === '*' ? [...contexts.keys()] : [...new Set(order.contexts)];
    for (const context of wanted) {
      const found = contexts.get(context);
      const before = kills.get(context);
      // A kill of a context that the configuration has no more can still be released.
      if (!found && !(action === 'release' && before)) {
        const known = [...contexts.keys()].join(', ') || 'none';
        refusals.set(context, {
          kind: 'unknown',
          message: `there is no context '${context}'; known contexts: ${known}`,
        });
        continue;
      }
      const after = step(found ?? ({ name: context } as ContextSnapshot), before);
      if (after && 'kind' in after) refusals.set(context, after);
      else if (after !== before) {
        if (after) kills.set(context, after);
        else kills.delete(context);
        const made = after ?? newKill(order);
        records.push({ ...made, action, gateway: name, context });
      }
    }
    const changed = new Set(records.map(({ context }) => context));
    const kept = records.length > 0 ? latches.put(kills, records) : undefined;
    for (const { context, by, reason, consent, id } of records)
      log.warn(
        { context, by, reason, consent, id, revision },
        action === 'kill' ? 'killed: its reads go to the monolith' : 'released: its stage decides again',
      );
    // In force by now; only its being on disk is waited for.
    const outcomes = wanted.map((context) => outcome(context, changed.has(context), refusals.get(context)));
    const notKept = await kept;
    if (records.length > 0) options.onRecord();
    return { contexts: outcomes, notKept };
  }

  return {
    kill: (order) =>
      carryOut(order, 'kill', (context, before) => {
        const consent = order.consent ?? before?.consent ?? null;
        if (!before && consent === null && writesMoved(context.stages.writes))
          return { kind: 'writes-moved', message: writesAtStake(context.name) };
        return before?.consent === consent ? before : { ...newKill(order), consent };
      }),
    release: (order) =>
      carryOut(order, 'release', (context, before) => {
        const file = inFile(context.name);
        if (before && file !== undefined)
          return {
            kind: 'in-file',
            message: `the file ${file} names '${context.name}': take it out of there, then release it again`,
          };
        return undefined;
      }),
    list: () =>
      [...new Set([...holder.current().contexts.keys(), ...latches.inForce().keys()])].map((context) =>
        outcome(context, false),
      ),
  };
}

/** What the audit holds of a name and of a reason, in characters. */
const LONGEST = { by: 190, reason: 1_000 } as const;

function newKill({ by, reason, consent }: KillOrder): Kill {
  return {
    ...{ id: randomUUID(), at: new Date().toISOString() },
    by: by.slice(0, LONGEST.by),
    reason: reason?.slice(0, LONGEST.reason) ?? null,
    consent: consent ?? null,
  };
}

function writesOf(context: ContextSnapshot | undefined): ContextOutcome['writes'] {
  if (!context) return 'unknown';
  if (context.killed?.writes !== undefined) return 'nobody';
  const { stage } = context.stages.writes;
  return stage === 'legacy' ? 'monolith' : stage === 'extracted' ? 'extracted service' : 'nobody';
}

function writesAtStake(context: string): string {
  return (
    `the writes of '${context}' have moved: the monolith lacks what was written since. ` +
    'Send its reads back all the same with --accept-loss (its writes stay with the extracted service), ' +
    'or with --hold-writes (its writes are answered 503 until it is released)'
  );
}
