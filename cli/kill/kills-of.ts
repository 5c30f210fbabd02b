import type { ContextOutcome, Kill } from '../../contexts/index.ts';
import type { Fleet } from '../fleet/fleet.ts';
import { askFleet } from './ask-fleet.ts';

/** On which gateways a context is killed, and of which that is unknown. */
export interface Kills {
  readonly killed: readonly {
    readonly gateway: string;
    readonly ops: string;
    readonly kill: Kill;
    readonly retired: boolean;
    readonly writes: ContextOutcome['writes'];
  }[];
  /** `where` is an ops port, or the name of a gateway of the register, or `gateways` when none could be asked. */
  readonly unknown: readonly { readonly where: string; readonly why: string }[];
}

/** How long one gateway may take to answer, in milliseconds: whoever asks for a route isn't kept waiting. */
const TIMEOUT = 1_000;

/** Asks every gateway that is known of what it has killed. Never fails: what can't be asked is unknown. */
export async function askForKills(fleetOf: () => Fleet): Promise<(context: string) => Kills> {
  try {
    const { gateways, unasked } = await askFleet(fleetOf(), { path: '/kill' }, TIMEOUT);
    const unreached = gateways.flatMap((one) =>
      'problem' in one ? [{ where: one.ops, why: `not reached: ${one.problem}` }] : [],
    );
    const others = unasked.map((where) => ({ where, why: 'registered, and has not answered' }));
    return (context) => ({
      killed: gateways.flatMap((one) => {
        if (!('answer' in one)) return [];
        const own = one.answer.contexts.find((outcome) => outcome.context === context);
        if (!own?.kill) return [];
        const { kill, retired = false, writes } = own;
        return [{ gateway: one.answer.gateway, ops: one.ops, kill, retired, writes }];
      }),
      unknown: [...unreached, ...others],
    });
  } catch (error) {
    return () => ({ killed: [], unknown: [{ where: 'gateways', why: (error as Error).message }] });
  }
}

/** A line for each gateway that has it killed or may have; none where all answered that it isn't. */
export function formatKills({ killed, unknown }: Kills): string[] {
  return [
    ...killed.map(({ gateway, kill, retired, writes }) => {
      const since = `since ${kill.at.slice(0, 19)}Z by ${kill.by}${kill.reason ? ` (${kill.reason})` : ''}`;
      const reads = retired ? 'nobody, they are retired' : 'monolith';
      return `  killed    on ${gateway} ${since}: reads → ${reads}, writes → ${writes}`;
    }),
    ...unknown.map(({ where, why }) => `  unknown   whether it is killed on ${where}: ${why}`),
  ];
}
