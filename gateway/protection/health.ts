import type { HealthPolicy } from '../../contexts/index.ts';

/** What the active checks of an upstream say; `unchecked` until the first has come back, and as good as healthy. */
export type HealthState =
  | { readonly health: 'unchecked' }
  | { readonly health: 'healthy' }
  /** `why` the last check failed. */
  | { readonly health: 'unhealthy'; readonly why: string };

/** Turns single checks into a state that doesn't flap. */
export interface Health {
  /** A check came back: undefined for a pass, else why it failed. */
  checked(failure: string | undefined): void;
  state(): HealthState;
}

/** `onChange` is told when it becomes unhealthy, and when it becomes healthy after that. */
export function openHealth(
  { failures, passes }: Pick<HealthPolicy, 'failures' | 'passes'>,
  onChange: (state: HealthState) => void,
): Health {
  let state: HealthState = { health: 'unchecked' };
  /** Checks in a row that speak against the state. */
  let against = 0;
  return {
    checked(failure) {
      const passed = failure === undefined;
      if (state.health === 'unchecked' && passed) state = { health: 'healthy' };
      const unhealthy = state.health === 'unhealthy';
      if (passed !== unhealthy) {
        against = 0;
        if (unhealthy) state = { health: 'unhealthy', why: failure! };
        return;
      }
      against += 1;
      if (against < (unhealthy ? passes : failures)) return;
      against = 0;
      state = passed ? { health: 'healthy' } : { health: 'unhealthy', why: failure! };
      onChange(state);
    },
    state: () => state,
  };
}
