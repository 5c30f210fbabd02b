import { expect, test } from 'vitest';
import { databaseOfTheRun } from './database-of-the-run.ts';
import { chaos } from './run-command.ts';

/** Enough to lose dozens of events, and by far too little for all that a run must have met. */
const SHORT = ['--minutes', '0.2', '--seed', '7', '--rate', '200'];

test(
  'a run that lost events says so and exits with 1, says that it was too kind, and its last line finds them again',
  { retry: 0 },
  async () => {
    // Whoever takes no answer for an acknowledgement loses events.
    const first = await chaos(...SHORT, '--database', await databaseOfTheRun(), '--without', '5');
    expect(first.code, first.stderr).toBe(1);
    expect(first.stdout).toMatch(/^VIOLATION: lost: \d+, first \{/m);
    expect(first.stdout).toMatch(/^VOID: \d+ .+, at least 20 are needed$/m);
    const [, command] = /\nReplay: npm run chaos -- (.+)\n$/.exec(first.stdout)!;
    const again = await chaos(...command!.split(' '));
    expect(again.code, again.stderr).toBe(1);
    expect(again.stdout).toMatch(/^seed +7$/m);
    expect(again.stdout).toMatch(/^VIOLATION: lost: /m);
  },
);
