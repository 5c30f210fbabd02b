import type { RuleScene } from './rule-scene.ts';

/**
 * One rule of DESIGN.md §4, and a scene in which it does harm that relays go without it. What they do then is in the folder
 * `without-<rule>`, whose modules stand in for those of the product with the same path.
 */
export interface RuleOff {
  readonly rule: number;
  readonly title: string;
  /** What the relays do instead. */
  readonly instead: string;
  readonly relays: 1 | 2;
  /** Whether they pack a key's events into one record. */
  readonly packing?: true;
  /**
   * Plays by what happens, never by time, until the harm has been done or could have been, and says what it is; undefined when there is none.
   */
  readonly play: (scene: RuleScene) => Promise<string | undefined>;
}
