import type { Diary } from '../shoppers/diary.ts';
import type { StageTally } from '../shoppers/tally.ts';
import type { WatchTally } from '../shoppers/watchers.ts';
import { binomialInterval } from './binomial.ts';

/** Per product, what happened to it in order: `-2 → 398`, `€ 12.50`. */
export type Journal = ReadonlyMap<string, readonly string[]>;

export interface Divergence {
  readonly lost: number;
  readonly duplicated: number;
  readonly violations: readonly string[];
}

/** Holds what the service applied against what the shop did, product by product. */
export function compareJournals(what: string, shop: Journal, service: Journal): Divergence {
  let lost = 0;
  let duplicated = 0;
  const violations: string[] = [];
  for (const sku of new Set([...shop.keys(), ...service.keys()])) {
    const expected = shop.get(sku) ?? [];
    const applied = service.get(sku) ?? [];
    const missing = without(expected, applied);
    const surplus = without(applied, expected);
    lost += missing.length;
    duplicated += surplus.length;
    if (missing.length > 0) violations.push(`lost: ${what} of ${sku}: ${missing.join(', ')}`);
    if (surplus.length > 0)
      violations.push(`duplicated or invented: ${what} of ${sku}: ${surplus.join(', ')}`);
    if (missing.length > 0 || surplus.length > 0) continue;
    const at = expected.findIndex((entry, index) => entry !== applied[index]);
    if (at >= 0) {
      violations.push(
        `out of order: ${what} of ${sku}: '${applied[at]}' was applied where '${expected[at]}' was next`,
      );
    }
  }
  return { lost, duplicated, violations };
}

/** An event that was applied more than once, by its id. */
export function repeatedEvents(eventIds: readonly string[]): string[] {
  const surplus = without(eventIds, [...new Set(eventIds)]);
  return surplus.map((id) => `duplicated: event ${id} was applied more than once`);
}

export function failedRequests(failures: readonly string[]): string[] {
  return failures.map((failure) => `failed request: ${failure}`);
}

/** No toggle ends a WebSocket: those who left a page open still have the one that they began with. */
export function droppedSockets({ dropped, messages }: WatchTally): string[] {
  if (messages === 0) return ['nothing was shown: no WebSocket had a message'];
  return dropped.map((what) => `dropped: ${what}`);
}

const CONFIDENCE = 0.999;

/** The share of cohorts on the service: within the 99.9 % binomial interval of the stage's percentage. */
export function shareOfCohorts({ name, percent, cohorts }: StageTally, atLeast: number): string[] {
  if (cohorts.size < atLeast)
    return [`${name}: only ${cohorts.size} cohorts were seen, ${atLeast} are required`];
  const onService = [...cohorts.values()].filter((sides) => sides.has('inventory-service')).length;
  const [low, high] = binomialInterval(cohorts.size, percent / 100, CONFIDENCE);
  return onService >= low && onService <= high
    ? []
    : [`${name}: ${onService} of ${cohorts.size} cohorts were on the service, required: ${low} to ${high}`];
}

/** Nobody changes sides within a stage. */
export function sticky({ name, cohorts }: StageTally): string[] {
  return [...cohorts]
    .filter(([, sides]) => sides.size > 1)
    .map(([cohort, sides]) => `${name}: cohort ${cohort} flipped: ${[...sides.keys()].join(', then ')}`);
}

/** Raising the percentage moves nobody back. */
export function monotonic(lower: StageTally, higher: StageTally): string[] {
  const moved = [...lower.cohorts].filter(
    ([cohort, sides]) => sides.has('inventory-service') && higher.cohorts.get(cohort)?.has('monolith'),
  );
  return moved.map(
    ([cohort]) =>
      `cohort ${cohort} was on the service at ${lower.name} and on the monolith at ${higher.name}`,
  );
}

/** What the shop's own tables say of the time since the shoppers came. */
export interface ShopRecord {
  /** `orderId sku -quantity`, and `orderId sku +quantity` for a cancellation. */
  readonly orderMovements: readonly string[];
  readonly adjustments: Journal;
  readonly prices: Journal;
}

/** The shop's tables against what shoppers and staff remember: nothing that was said yes to is missing. */
export function diaryAgrees({ placed, cancelled, prices, adjusted }: Diary, shop: ShopRecord): string[] {
  const lineOf = new Map(placed.map((order) => [order.orderId, order]));
  const remembered = [
    ...placed.map(({ orderId, sku, quantity }) => `${orderId} ${sku} -${quantity}`),
    ...cancelled.map((orderId) => `${orderId} ${lineOf.get(orderId)?.sku} +${lineOf.get(orderId)?.quantity}`),
  ];
  return [
    ...without(remembered, shop.orderMovements).map(
      (entry) => `the shop has no stock movement for order ${entry}`,
    ),
    ...without(shop.orderMovements, remembered).map((entry) => `nobody remembers order ${entry}`),
    ...compareJournals(
      "staff's prices",
      bySku(prices, ({ price }) => price),
      shop.prices,
    ).violations,
    ...compareJournals(
      "staff's stock",
      bySku(adjusted, ({ delta }) => String(delta)),
      shop.adjustments,
    ).violations,
  ];
}

/** Groups entries by product, keeping their order. */
export function bySku<T extends { readonly sku: string }>(
  entries: readonly T[],
  text: (entry: T) => string,
): Journal {
  const journal = new Map<string, string[]>();
  for (const entry of entries) {
    const list = journal.get(entry.sku);
    if (list) list.push(text(entry));
    else journal.set(entry.sku, [text(entry)]);
  }
  return journal;
}

/** The 99th percentile (nearest rank) of milliseconds; undefined of nothing. */
export function p99(values: readonly number[]): number | undefined {
  return values.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(values.length * 0.99) - 1)];
}

/** The multiset `left` minus the multiset `right`. */
function without(left: readonly string[], right: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const entry of right) counts.set(entry, (counts.get(entry) ?? 0) + 1);
  return left.filter((entry) => {
    const count = counts.get(entry) ?? 0;
    counts.set(entry, count - 1);
    return count <= 0;
  });
}
