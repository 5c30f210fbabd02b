import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import type { CohortConfig, Decision } from '../../../contexts/index.ts';
import { whoAsks } from '../../../gateway/shadow/who.ts';

const routes = [{ match: 'GET /shops/:shop/items/:sku' }];

const who = (cohort: CohortConfig | undefined) =>
  whoAsks({ cohort, routes }, () => '192.0.2.7')(
    { route: routes[0]!.match } as Decision,
    {
      url: '/shops/north/items/5?x=/',
      headers: { cookie: 'sid=ada', 'x-user': 'bob' },
    } as unknown as IncomingMessage,
  );

test.each<[CohortConfig | undefined, string | undefined]>([
  [undefined, undefined],
  [{ cookie: 'sid' }, 'ada'],
  [{ header: 'x-user' }, 'bob'],
  [{ parameter: 'shop' }, 'north'],
  [{ parameter: 'none' }, undefined],
  [{ address: true }, '192.0.2.7'],
])('the cohort %j is taken from where the context says', (cohort, found) => {
  expect(who(cohort)).toBe(found);
});
