import type { CloudEvent } from '../outbox/event.ts';
import { isSequenced, type Registry } from '../outbox/registry/registry.ts';

/** An event of an aggregate that is `ordered: sequence`. */
export interface Numbered {
  readonly event: CloudEvent;
  /** `type:id` of the aggregate, within which numbers count. */
  readonly key: string;
  /** From 1 on. */
  readonly number: bigint;
}

/** What the tables can hold: the key of an outbox, and BIGINT UNSIGNED. */
const LONGEST_KEY = 255;
const GREATEST = 2n ** 64n - 1n;

/**
 * The event with its number; undefined when its order is the stream's alone: the registry doesn't declare its aggregate
 * `ordered: sequence`, it is a replay, or no outbox has numbered it (it was appended before the declaration).
 */
export function numbered(registry: Registry | undefined, event: CloudEvent): Numbered | undefined {
  if (registry === undefined || typeof event['replayid'] === 'string') return undefined;
  const { partitionkey: key, sequence } = event as { partitionkey?: unknown; sequence?: unknown };
  if (typeof key !== 'string' || !isSequenced(registry, key.slice(0, Math.max(0, key.indexOf(':')))))
    return undefined;
  if (typeof sequence !== 'string' || !/^\d{1,20}$/.test(sequence) || [...key].length > LONGEST_KEY)
    return undefined;
  const number = BigInt(sequence);
  return number >= 1n && number <= GREATEST ? { event, key, number } : undefined;
}
