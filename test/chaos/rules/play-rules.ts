import { startKinesis } from '../../../demo/servers/kinesis.ts';
import { openChaosDatabase } from '../chaos-database.ts';
import { playRule, type RulePlayed } from './play-rule.ts';
import { RULES_OFF } from './rules-off.ts';

/** Plays all scenes, one after the other, on servers of their own. */
export async function playRules(database: string, say: (line: string) => void): Promise<RulePlayed[]> {
  const server = await openChaosDatabase(database);
  const kinesis = await startKinesis();
  try {
    say(server.version);
    const played: RulePlayed[] = [];
    for (const off of RULES_OFF) {
      const one = await playRule({ database: server.url, kinesis: kinesis.url }, off);
      say(
        `rule ${one.rule}: ${one.harm ?? 'NOTHING FOUND'} after ${one.after} ms; in force: ${one.control ?? 'nothing'}`,
      );
      played.push(one);
    }
    return played;
  } finally {
    await kinesis.stop();
    await server.stop();
  }
}
