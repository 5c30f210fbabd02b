import { Agent } from 'node:http';
import { wait } from '../../runtime/wait.ts';
import { PRODUCTS } from '../shop/seed.ts';
import type { System } from '../start-system.ts';
import { number } from '../story/tell.ts';
import type { Terminal } from '../terminal.ts';
import { newSession, openBuyer, type Buyer } from './buyer.ts';
import { nothingSeen, openLane, type Lane, type Seen } from './lane.ts';

/** How late the consumer handles an event, in milliseconds, and what the context is configured with. */
export const SLOW = { consumer: 2_000, maxLag: '8s' } as const;
const AFTER_WRITE = { written: '8s', milliseconds: 8_000 };
/** Seconds of lag beyond which no session begins: above `maxLag` the monolith would answer, and nothing be shown. */
const ROOM = 5.5;
/** Sessions without `afterWrite`: the check must be able to fail. */
const WITHOUT = 100;

export interface OwnWritesOptions {
  readonly system: System;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  readonly sessions: number;
}

/** Sessions that each write and read at once, first without `afterWrite` and then with it. */
export async function tellOwnWrites(
  options: OwnWritesOptions,
): Promise<{ violations: string[]; line: string }> {
  const { system, terminal, signal, sessions } = options;
  const gateways = system.gateways.map(({ url }) => url);
  const agent = new Agent({ keepAlive: true });
  try {
    terminal.heading('Reads on the service, whose consumer is two seconds late');
    await system.banyan.show(['context', 'set', 'inventory', '--reads', 'extracted']);
    const buyers = await Promise.all(PRODUCTS.map(() => openBuyer(agent, gateways[0]!)));
    const lanes = await Promise.all(
      PRODUCTS.map(async ([sku], index) => {
        const buyer = buyers[index]!;
        const at = await buyer.read(system.urls.monolith, newSession(), sku);
        return openLane({ buyer, gateways, sku, signal }, at);
      }),
    );
    const run = async (count: number): Promise<Seen> => {
      await readsAreOnTheService(buyers[0]!, gateways, signal);
      const seen = nothingSeen();
      await runLanes({ lanes, seen, count, ops: system.gateways[0]!.ops, terminal, signal });
      terminal.live('waiting for those who look again …');
      await Promise.all(lanes.map((lane) => lane.settled()));
      terminal.live('');
      return seen;
    };

    terminal.heading(`Without afterWrite: ${number(Math.min(WITHOUT, sessions))} sessions`);
    const without = await run(Math.min(WITHOUT, sessions));
    tellSeen(terminal, without);

    terminal.heading(`With afterWrite: ${AFTER_WRITE.written}: ${number(sessions)} sessions`);
    await system.configure(AFTER_WRITE.written);
    await Promise.all(system.gateways.map(({ ops }) => reloaded(ops, signal)));
    const seen = await run(sessions);
    tellSeen(terminal, seen);
    await system.banyan.show(['lag'], true);
    return { violations: violationsOf(without, seen), line: lineOf(without, seen) };
  } finally {
    agent.destroy();
  }
}

interface Run {
  readonly lanes: readonly Lane[];
  readonly seen: Seen;
  readonly count: number;
  /** The ops port that tells the lag. */
  readonly ops: string;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

async function runLanes({ lanes, seen, count, ops, terminal, signal }: Run): Promise<void> {
  let left = count;
  const over = new AbortController();
  const room = watchRoom(ops, AbortSignal.any([over.signal, signal]));
  const work = async (lane: Lane) => {
    while (left > 0) {
      left -= 1;
      while (!room()) await pause(signal);
      await lane.session(seen, AFTER_WRITE.milliseconds + 500);
      terminal.live(`${number(seen.sessions)} of ${number(count)} sessions, ${seen.staleSessions} stale`);
      signal.throwIfAborted();
    }
  };
  await Promise.all(lanes.map(work)).finally(() => over.abort());
}

/** Looks at the lag until `over`, and tells whether it leaves room for another session. */
function watchRoom(ops: string, over: AbortSignal): () => boolean {
  let room = true;
  void (async () => {
    while (!over.aborted) {
      const metrics = await fetch(`${ops}/metrics`).then(
        (answer) => answer.text(),
        () => '',
      );
      const lag = /^banyan_gateway_context_lag_seconds\{[^}]*\} (\S+)$/m.exec(metrics)?.[1];
      room = Number(lag) < ROOM;
      await wait(200, over);
    }
  })();
  return () => room;
}

/** The lag is good, and it is known who has written: until then the monolith answers everybody. */
async function readsAreOnTheService(
  buyer: Buyer,
  gateways: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  for (const gateway of gateways)
    while ((await buyer.read(gateway, newSession(), PRODUCTS[0][0])).side !== 'inventory-service')
      await pause(signal);
}

/** Whether a gateway has taken over the changed file. */
async function reloaded(ops: string, signal: AbortSignal): Promise<void> {
  const applied = async () => (await (await fetch(`${ops}/metrics`)).text()).includes('outcome="applied"} 1');
  while (!(await applied())) await pause(signal);
}

async function pause(signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await wait(50, signal);
}

function tellSeen(
  terminal: Terminal,
  { sessions, staleSessions, before, after, late, staleLate }: Seen,
): void {
  const by = ({ reads, service }: Seen['before']) =>
    `${number(reads)}, ${number(service)} of them answered by the service`;
  terminal.say(
    `${number(staleSessions)} of ${number(sessions)} sessions read what their own write had made old`,
  );
  terminal.say(`  reads before the write  ${by(before)}`);
  terminal.say(`  at once after it        ${by(after)}`);
  terminal.say(`  8.5 s after it          ${by(late)}; ${number(staleLate)} stale`);
}

function violationsOf(without: Seen, seen: Seen): string[] {
  return [
    ...(without.staleSessions === 0
      ? ['without afterWrite no read was stale either: this run shows nothing']
      : []),
    ...(seen.before.service === 0
      ? ['no read at all was answered by the service: this run shows nothing']
      : []),
    ...(seen.staleSessions + seen.staleLate > 0 ? seen.examples.map((example) => `stale: ${example}`) : []),
  ];
}

function lineOf(without: Seen, { sessions, staleSessions, after, late, staleLate }: Seen): string {
  return [
    `${number(sessions)} sessions`,
    `${number(after.reads + late.reads)} reads after an own write`,
    `${number(staleSessions)} sessions with a stale one at once, ${number(staleLate)} later`,
    `without afterWrite ${number(without.staleSessions)} of ${number(without.sessions)}`,
  ].join(', ');
}
