import { holds, type Scope } from '../../../legacy-adapter/index.ts';
import { neededRights, stopCaptureRights, type NeededRight, type UserName } from '../../install/grants.ts';
import { account } from '../account.ts';
import type { DatabaseFacts } from '../facts.ts';
import { ok, problem, unknown, type Said } from '../finding.ts';
import type { DatabaseCheck } from './database-check.ts';

/** Who of a set connects with the configuration's URL; the monolith and the triggers have URLs of their own. */
const CONNECTS: readonly UserName[] = ['banyan_relay', 'banyan_control', 'banyan_service'];
const ROLES = {
  banyan_relay: 'the relay',
  banyan_control: 'the control plane',
  banyan_service: 'the consumer',
};

/**
 * Whether the user has all rights of one whose URL this can be: relay and control plane may share it or not. What the
 * next role would need too is said where one is whole. Stopping captures at the budget needs more, of this very user.
 */
export const grants: DatabaseCheck = (facts, terms) => [
  ...rightsOfRole(facts),
  ...(terms.stopsCapture && facts.set === 'outbox' ? rightsToStop(facts, terms.captured) : []),
];

function rightsOfRole(facts: DatabaseFacts): Said[] {
  const roles = neededRights(facts.set)
    .filter(({ user }) => CONNECTS.includes(user))
    .map(({ user, rights }) => ({
      as: ROLES[user as keyof typeof ROLES],
      lacking: rights.filter((right) => held(facts, right) === 'no'),
      unclear: rights.filter((right) => held(facts, right) === 'unknown'),
    }));
  const whole = roles.filter(({ lacking, unclear }) => lacking.length + unclear.length === 0);
  const who = facts.user;
  if (whole.length > 0) {
    const can = whole.map(({ as }) => as).join(' and ');
    const cannot = roles.filter((role) => !whole.includes(role)).map(({ as }) => as);
    const rest = cannot.length === 0 ? '' : `, and not ${cannot.join(' or ')}`;
    return [ok(`${who} has all rights of ${can}${rest}`)];
  }
  const [nearest] = roles.toSorted((a, b) => a.lacking.length - b.lacking.length);
  return nearest === undefined ? [] : [lacks(facts, nearest)];
}

function rightsToStop(facts: DatabaseFacts, captured: readonly string[]): Said[] {
  const rights = stopCaptureRights(captured);
  const missing = rights.filter((right) => held(facts, right) !== 'yes');
  if (missing.length === 0)
    return [ok(`${facts.user} may remove the triggers of captured tables at the budget`)];
  const unclear = missing.every((right) => held(facts, right) === 'unknown');
  return [
    (unclear ? unknown : problem)(
      `${facts.user} ${unclear ? 'has roles that are not active, and else lacks' : 'lacks'} ${missing.map(spell).join(', ')}`,
      'TRIGGER on every captured table: `outbox.budget.atBudget: stopCapture` has the control plane remove the triggers',
      missing.map((right) => statementOf(facts, right)).join('; '),
    ),
  ];
}

function lacks(
  facts: DatabaseFacts,
  { as, lacking, unclear }: { as: string; lacking: NeededRight[]; unclear: NeededRight[] },
): Said {
  const rights = lacking.length > 0 ? lacking : unclear;
  const statements = rights.map((right) => statementOf(facts, right)).join('; ');
  const required = `the rights of ${as}, as \`banyan install ${facts.set} --print\` lists them`;
  return lacking.length > 0
    ? problem(`${facts.user} lacks ${rights.map(spell).join(', ')}`, required, statements)
    : unknown(
        `${facts.user} has roles that are not active: ${rights.map(spell).join(', ')} may be among their rights`,
        required,
        `SET DEFAULT ROLE ALL TO ${account(facts.user)}; or ${statements}`,
      );
}

function held(facts: DatabaseFacts, { privilege, table, columns }: NeededRight) {
  const scope: Scope =
    table === undefined
      ? {}
      : { database: facts.database, table, ...(columns.length > 0 ? { columns } : {}) };
  return holds(facts.grants, privilege, scope);
}

function spell({ privilege, table }: NeededRight): string {
  return `${privilege} on ${table ?? 'the server'}`;
}

function statementOf({ database, user }: DatabaseFacts, { privilege, table, columns }: NeededRight): string {
  const list = columns.length > 0 ? ` (${columns.join(', ')})` : '';
  const on = table === undefined ? '*.*' : `\`${database.replaceAll('`', '``')}\`.\`${table}\``;
  return `GRANT ${privilege}${list} ON ${on} TO ${account(user)}`;
}
