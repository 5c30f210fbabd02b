import type { StandardSchema } from './standard-schema.ts';

/** The event types that a stream carries, as its module declares them; `defineRegistry` checks it. */
export interface Registry {
  /** By event type: `OrderPlaced`. */
  readonly events: Readonly<Record<string, EventDeclaration>>;
  /** By aggregate type: `order`. One that isn't here has the defaults. */
  readonly aggregates?: Readonly<Record<string, AggregateDeclaration>>;
}

export interface EventDeclaration {
  /** The type of the aggregate that it happens to. */
  readonly aggregate: string;
  /** By version, a whole number: all from the oldest that may still be on the way to the newest, without a gap. */
  readonly versions: Readonly<Record<number, VersionDeclaration>>;
  /**
   * Where its data is personal: paths such as `customer.email` or `lines.*.note`, `*` for every element of an array and
   * every property. Masked wherever Banyan shows an event. None unless given.
   */
  readonly personal?: readonly string[];
  /** What becomes of its key when an event of it is parked as poison: `wait` for it (unless given), or `skip` it. */
  readonly onPoison?: 'wait' | 'skip';
}

export interface VersionDeclaration {
  /** Any validator with the Standard Schema interface. It only checks: what is appended is the data as given. */
  readonly schema: StandardSchema;
  /** Makes the data of this version from that of the one before. Required of every version but the oldest. */
  readonly upcast?: Upcast;
}

// Method syntax, so that an upcaster may declare the data that its own type of event carries.
type Upcast = { upcast(older: Record<string, unknown>): unknown }['upcast'];

export interface AggregateDeclaration {
  /** `sequence`: every append numbers its event within the key, without gaps, under a lock. */
  readonly ordered?: 'sequence';
}

/** The declaration of an event type; undefined when the registry has none. */
export function declarationOf(registry: Registry, type: string): EventDeclaration | undefined {
  return Object.hasOwn(registry.events, type) ? registry.events[type] : undefined;
}

/** Its versions, the oldest first: JavaScript keeps whole numbers among the keys of an object in order. */
export function versionsOf(declaration: EventDeclaration): number[] {
  return Object.keys(declaration.versions).map(Number);
}

/** Whether events of the aggregate type are numbered. */
export function isSequenced(registry: Registry | undefined, aggregateType: string): boolean {
  const aggregates = registry?.aggregates ?? {};
  return Object.hasOwn(aggregates, aggregateType) && aggregates[aggregateType]!.ordered === 'sequence';
}

/** Whether events of any aggregate type are numbered. */
export function hasSequenced(registry: Registry | undefined): boolean {
  return Object.keys(registry?.aggregates ?? {}).some((type) => isSequenced(registry, type));
}
