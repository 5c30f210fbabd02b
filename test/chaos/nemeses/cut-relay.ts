import { wait } from '../../../runtime/wait.ts';
import type { TcpGate } from '../../relay/tcp-gate.ts';
import type { DeedOf } from '../plan.ts';
import type { World } from '../world.ts';

const atItsGate =
  (close: (gate: TcpGate) => Promise<void> | void) =>
  async ({ relays }: World, { relay, lasts }: DeedOf<'cut-relay' | 'freeze-relay'>): Promise<void> => {
    const { gate } = relays.all[relay]!;
    await close(gate);
    await wait(lasts);
    await gate.open();
  };

/** Cuts a relay off from the database: connections are closed and refused. */
export const cutRelay = atItsGate((gate) => gate.cut());

/** The same without a word: nothing passes, and nothing is closed. */
export const freezeRelay = atItsGate((gate) => gate.freeze());
