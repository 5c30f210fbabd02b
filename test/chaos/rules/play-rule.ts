import type { RuleOff } from './rule-off.ts';
import { inRuleScene, type RuleServers } from './rule-scene.ts';

export interface RulePlayed extends Pick<RuleOff, 'rule' | 'title' | 'instead'> {
  /** What was found without the rule; undefined when nothing was. */
  readonly harm: string | undefined;
  /** Milliseconds from when the relays ran to when it was found. */
  readonly after: number;
  /** What the same scene found with the rule in force; undefined when nothing, as it must be. */
  readonly control: string | undefined;
}

/** Plays the rule's scene without the rule and, beside it as the control, with it. */
export async function playRule(servers: RuleServers, off: RuleOff): Promise<RulePlayed> {
  const { rule, title, instead, relays, packing, play } = off;
  const [broken, control] = await Promise.all([
    inRuleScene(servers, { relays, packing, without: rule }, async (scene) => {
      const startedAt = Date.now();
      const harm = await play(scene);
      return { harm, after: Date.now() - startedAt };
    }),
    inRuleScene(servers, { relays, packing }, play),
  ]);
  return { rule, title, instead, ...broken, control };
}
