import type { Shoppers } from '../shoppers/start-shoppers.ts';
import type { StageTally } from '../shoppers/tally.ts';
import type { System } from '../start-system.ts';
import { arrived } from './arrived.ts';
import {
  compareJournals,
  diaryAgrees,
  droppedSockets,
  failedRequests,
  monotonic,
  p99,
  repeatedEvents,
  shareOfCohorts,
  sticky,
} from './checks.ts';
import { readLags, readShop } from './records.ts';
import { number } from './tell.ts';

export interface Verdict {
  readonly violations: readonly string[];
  /** `2,140 requests, 0 failed, 312 events, 0 lost, 0 duplicated, lag p99 41 ms` */
  readonly line: string;
}

/**
 * Holds the service against the shop's own tables, those against what the shoppers remember, and what the shoppers
 * saw against what was toggled. The shoppers have left by now. Lag counts from `position` on, after the initial load.
 */
export async function verify(
  { shop: shopDatabase, inventory }: System,
  { tally, diary, watched }: Shoppers,
  stages: readonly StageTally[],
  { position, cohorts }: { position: number; cohorts: number },
): Promise<Verdict> {
  const shop = await readShop(shopDatabase);
  const expected = size(shop.stock) + size(shop.allPrices);
  const { service, outbox } = await arrived({ shop: shopDatabase, inventory }, expected);
  const stock = compareJournals('stock change', shop.stock, service.stock);
  const prices = compareJournals('price change', shop.allPrices, service.prices);
  const state = compareJournals("last state ('available at price')", shop.state, service.state);
  const repeated = repeatedEvents(service.eventIds);
  const lag = p99(await readLags(inventory, position));
  const lost = stock.lost + prices.lost;
  const duplicated = Math.max(stock.duplicated + prices.duplicated, repeated.length);
  return {
    violations: [
      ...failedRequests(tally.failures),
      ...droppedSockets(watched),
      ...stock.violations,
      ...prices.violations,
      ...state.violations,
      ...repeated,
      ...diaryAgrees(diary, shop),
      ...unequal('OrderPlaced events', outbox.count('OrderPlaced'), 'orders', shop.orders),
      ...unequal('OrderCancelled events', outbox.count('OrderCancelled'), 'cancelled orders', shop.cancelled),
      ...unequal('events that Kinesis has not acknowledged', outbox.unsettled, 'is required', 0),
      ...stages.flatMap((stage) => [...shareOfCohorts(stage, cohorts), ...sticky(stage)]),
      ...stages.slice(1).flatMap((stage, index) => {
        const before = stages[index]!;
        return before.percent <= stage.percent ? monotonic(before, stage) : [];
      }),
      ...(diary.placed.length > 0 && diary.cancelled.length > 0 && diary.prices.length > 0
        ? []
        : ['nothing was shown: no order, no cancellation or no price change was made']),
    ],
    line:
      `${number(tally.requests)} requests, ${number(tally.failed)} failed, ` +
      `${number(service.events)} events, ${number(lost)} lost, ${number(duplicated)} duplicated, ` +
      `lag p99 ${lag === undefined ? 'unknown' : `${Math.round(lag)} ms`}`,
  };
}

const size = (journal: ReadonlyMap<string, readonly string[]>): number =>
  [...journal.values()].reduce((sum, { length }) => sum + length, 0);

const unequal = (what: string, found: number, against: string, required: number): string[] =>
  found === required ? [] : [`${found} ${what}, but ${required} ${against}`];
