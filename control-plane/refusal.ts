/**
 * Why a change is not made. `details` carries what a program may want to read: the names that exist,
 * what is in flight.
 */
export class Refusal extends Error {
  readonly kind: 'unknown' | 'invalid' | 'writes-move' | 'nothing-to-undo' | 'alive';
  readonly details: Readonly<Record<string, unknown>>;

  constructor(kind: Refusal['kind'], message: string, details: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.kind = kind;
    this.details = details;
  }
}

/** `known contexts: inventory, orders`, for whoever named one that doesn't exist. */
export function unknownContext(name: string, known: readonly string[]): Refusal {
  return new Refusal(
    'unknown',
    `there is no context '${name}'; known contexts: ${known.join(', ') || 'none'}`,
    { known },
  );
}
