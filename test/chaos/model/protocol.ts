import type { Step } from './search.ts';

/** Which of the rules of DESIGN.md §4 are in force. */
export type Rule = 1 | 2 | 3 | 4 | 5 | 6;
export const RULES: readonly Rule[] = [1, 2, 3, 4, 5, 6];

/**
 * The world of the model: two keys with three events in one bucket, in the order of their ids. `x1` has the lowest id
 * and may be committed last. A key's events are committed in the order of their ids, because its writers lock it.
 */
export const EVENTS = ['x1', 'y1', 'y2'] as const;
const keyOf = (event: number): 'x' | 'y' => EVENTS[event]![0] as 'x' | 'y';
const KEYS = ['x', 'y'] as const;
const NAMES = ['A', 'B'] as const;

interface Request {
  readonly relay: number;
  readonly epoch: number;
  readonly events: readonly number[];
  /** Else the lease was looked at and nothing is sent yet: a pause fits in here. */
  readonly sent: boolean;
  /** The relay that sent it has crashed: nobody waits for the answer. */
  readonly orphan: boolean;
}

interface Relay {
  /** The epoch under which it believes that it owns the bucket; 0 is none. */
  readonly epoch: number;
  /** Claimed and not acknowledged, in the order of ids. */
  readonly window: readonly number[];
  /** Acknowledged and not settled. */
  readonly acknowledged: readonly number[];
  /** Without rule 1: the highest id it has read. */
  readonly cursor: number;
}

export interface State {
  readonly rows: readonly ('open' | 'pending' | 'settled')[];
  /** Which relay each event's first delivery came from. */
  readonly delivered: readonly (number | undefined)[];
  /** Records that repeat what the other relay delivered, from one that isn't the owner any more; by its epoch, per key. */
  readonly late: readonly (readonly [number, number])[];
  readonly owner: number | null;
  readonly epoch: number;
  readonly expired: boolean;
  readonly relays: readonly [Relay, Relay];
  readonly requests: readonly Request[];
  /** Without rule 1: the highest id that was settled, from which a new owner reads on. */
  readonly cursor: number;
  /** How often a relay may still take the bucket; how many crashes, partial failures and lost answers may still come. */
  readonly left: { readonly takes: number; readonly misfortunes: number };
}

const IDLE: Relay = { epoch: 0, window: [], acknowledged: [], cursor: -1 };

export interface ModelOptions {
  /** The rules in force. */
  readonly rules: ReadonlySet<Rule>;
  /** The shard of key x takes nothing, ever. */
  readonly deadShard?: boolean;
  readonly left: State['left'];
}

export function initialState({ rules, left }: ModelOptions): State {
  // Without rule 2 the lease stands there, and nobody minds it.
  const owned = !rules.has(2);
  return {
    rows: ['open', 'pending', 'pending'],
    delivered: [undefined, undefined, undefined],
    late: owned
      ? [
          [0, 0],
          [0, 0],
        ]
      : [[0, 0]],
    owner: owned ? 0 : null,
    epoch: Number(owned),
    expired: false,
    relays: [{ ...IDLE, epoch: Number(owned) }, IDLE],
    requests: [],
    cursor: -1,
    left: owned ? { ...left, takes: 0 } : left,
  };
}

/** The same text for the same state, and for one in which the two relays have changed places. */
export function identity(state: State): string {
  const [a, b] = [textOf(state, 0), textOf(state, 1)];
  const { takes, misfortunes } = state.left;
  const rest = `${state.rows.map((row) => row[0]).join('')}${state.late.join('')}`;
  return `${rest}${state.epoch}${Number(state.expired)}${state.cursor}|${takes}${misfortunes}|${a < b ? a + b : b + a}`;
}

function textOf(state: State, relay: number): string {
  const { epoch, window, acknowledged, cursor } = state.relays[relay]!;
  const requests = state.requests
    .filter((request) => request.relay === relay)
    .map(
      (request) =>
        `${request.epoch}${Number(request.sent)}${Number(request.orphan)}${request.events.join('')}`,
    );
  const owner = state.owner === relay ? 'o' : '';
  const delivered = state.delivered.map((by) => Number(by === relay)).join('');
  return `${owner}${epoch}d${delivered}w${window.join('')}a${acknowledged.join('')}c${cursor}r${requests.toSorted().join(',')};`;
}

/** All steps that can be taken: of the writers, of time, of the relays, of the network and of misfortune. */
export function stepsOf(state: State, options: ModelOptions): Step<State>[] {
  return [
    ...commits(state, options),
    ...leaseSteps(state, options),
    ...[0, 1].flatMap((relay) => relaySteps(state, relay, options)),
    ...state.requests.flatMap((request) => requestSteps(state, request, options)),
  ];
}

function commits(state: State, { rules }: ModelOptions): Step<State>[] {
  return EVENTS.flatMap((name, event): Step<State>[] => {
    const before = EVENTS.findIndex(
      (_, other) => other < event && keyOf(other) === keyOf(event) && state.rows[other] === 'open',
    );
    if (state.rows[event] !== 'open' || before >= 0) return [];
    const next = { ...state, rows: state.rows.with(event, 'pending') };
    // Nobody reads behind the cursor again.
    const passed = !rules.has(1) && state.cursor > event;
    return [
      {
        label: `${name} is committed`,
        next,
        broken: passed ? `lost: ${name}, behind the cursor` : undefined,
      },
    ];
  });
}

function leaseSteps(state: State, { rules }: ModelOptions): Step<State>[] {
  const { owner, epoch, expired, left } = state;
  const steps: Step<State>[] = [];
  if (owner !== null && !expired)
    steps.push({ label: 'the lease runs out', next: { ...state, expired: true } });
  if (owner !== null && expired && state.relays[owner]!.epoch === epoch)
    steps.push({ label: `${NAMES[owner]} renews the lease`, next: { ...state, expired: false } });
  const waitedOut = !state.requests.some((request) => request.sent);
  for (const relay of [0, 1]) {
    const free = owner === null || (expired && owner !== relay && (!rules.has(4) || waitedOut));
    // That of a relay that crashed is taken for certain, some day.
    const crashed = owner !== null && state.relays[owner]!.epoch !== epoch;
    if (state.relays[relay]!.epoch > 0 || !free || (left.takes === 0 && !crashed)) continue;
    const taken = withRelay(state, relay, { epoch: epoch + 1, window: [], cursor: state.cursor });
    steps.push({
      label: `${NAMES[relay]} takes the bucket under epoch ${epoch + 1}`,
      next: {
        ...taken,
        owner: relay,
        epoch: epoch + 1,
        late: [...state.late, [0, 0]],
        expired: false,
        left: { ...left, takes: Math.max(0, left.takes - 1) },
      },
    });
  }
  return steps;
}

function relaySteps(state: State, relay: number, options: ModelOptions): Step<State>[] {
  const { rules } = options;
  const me = state.relays[relay]!;
  const name = NAMES[relay];
  const { left } = state;
  const steps: Step<State>[] = [];
  const mine = state.requests.find((request) => request.relay === relay && !request.orphan);
  if (left.misfortunes > 0 && (me.epoch > 0 || mine)) {
    const crashed = withRelay(state, relay, IDLE);
    steps.push({
      label: `${name} crashes and starts again`,
      next: {
        ...crashed,
        requests: state.requests.flatMap((request) =>
          request !== mine ? [request] : request.sent ? [{ ...request, orphan: true }] : [],
        ),
        left: { ...left, misfortunes: left.misfortunes - 1 },
      },
    });
  }
  const owns = state.owner === relay && state.epoch === me.epoch;
  if (me.epoch > 0 && !owns && rules.has(4))
    steps.push({
      label: `${name} notices that the bucket is another's`,
      next: withRelay(state, relay, { epoch: 0, window: [], acknowledged: [] }),
    });
  const acts = me.epoch > 0 || !rules.has(2);
  const claimed = acts ? claim(state, me, options) : me;
  if (claimed !== me)
    steps.push({ label: `${name} claims ${list(claimed.window)}`, next: withRelay(state, relay, claimed) });
  if (acts && mine === undefined && (!rules.has(2) || !rules.has(4) || (owns && !state.expired))) {
    const events = pack(me.window, rules);
    if (events.length > 0)
      steps.push({
        label: `${name} is about to send ${list(events)}`,
        next: {
          ...state,
          requests: [...state.requests, { relay, epoch: me.epoch, events, sent: false, orphan: false }],
        },
      });
  }
  if (me.acknowledged.length > 0) steps.push(settle(state, relay, owns || !rules.has(4) || !rules.has(2)));
  return steps;
}

/** Rows in memory: one per shard with rule 6, which is one per key here; two in all without. A key in memory isn't claimed. */
function claim(state: State, me: Relay, { rules, deadShard }: ModelOptions): Relay {
  const known = new Set([...me.window, ...me.acknowledged].map(keyOf));
  const found = EVENTS.flatMap((_, event) =>
    state.rows[event] === 'pending' && (rules.has(1) ? !known.has(keyOf(event)) : event > me.cursor)
      ? [event]
      : [],
  );
  const room = deadShard && !rules.has(6) ? 1 - me.window.length : Infinity;
  const taken = found.slice(0, Math.max(0, room));
  if (taken.length === 0) return me;
  const window = [...me.window, ...taken].toSorted();
  return { ...me, window, cursor: rules.has(1) ? -1 : Math.max(me.cursor, ...taken) };
}

/** The first row of each key; without rule 3 all of them. */
function pack(window: readonly number[], rules: ReadonlySet<Rule>): number[] {
  return window.filter(
    (event) => !rules.has(3) || !window.some((other) => other < event && keyOf(other) === keyOf(event)),
  );
}

function settle(state: State, relay: number, allowed: boolean): Step<State> {
  const { acknowledged } = state.relays[relay]!;
  const forgotten = withRelay(state, relay, { acknowledged: [] });
  if (!allowed) return { label: `${NAMES[relay]}'s settling is refused`, next: forgotten };
  const lost = acknowledged.find((event) => state.delivered[event] === undefined);
  return {
    label: `${NAMES[relay]} settles ${list(acknowledged)}`,
    next: {
      ...forgotten,
      rows: state.rows.map((row, event) => (acknowledged.includes(event) ? 'settled' : row)),
      cursor: Math.max(state.cursor, ...acknowledged),
    },
    broken: lost !== undefined ? `lost: ${EVENTS[lost]} is settled and not in the stream` : undefined,
  };
}

function requestSteps(state: State, request: Request, options: ModelOptions): Step<State>[] {
  const { relay, events, sent } = request;
  const without = state.requests.filter((one) => one !== request);
  if (!sent) {
    const next = { ...state, requests: [...without, { ...request, sent: true }] };
    return [{ label: `${NAMES[relay]} sends ${list(events)}`, next }];
  }
  const { left } = state;
  const takes = (event: number) => !options.deadShard || keyOf(event) !== 'x';
  return subsets(events.filter(takes)).flatMap((taken) => {
    const failed = taken.length < events.filter(takes).length;
    if (failed && left.misfortunes === 0) return [];
    const after = {
      ...state,
      requests: without,
      left: { ...left, misfortunes: left.misfortunes - Number(failed) },
    };
    const arrived = arrive(after, request, taken);
    if (request.orphan) return [arrived];
    const answered = answer(arrived, request, taken, '');
    if (after.left.misfortunes === 0) return [answered];
    const unknown = {
      ...arrived,
      next: { ...arrived.next, left: { ...after.left, misfortunes: after.left.misfortunes - 1 } },
    };
    return [
      answered,
      answer(unknown, request, options.rules.has(5) ? [] : events, ', and the answer is lost'),
    ];
  });
}

/** The stream takes some of a request's records, in their order. */
function arrive(state: State, request: Request, taken: readonly number[]): Step<State> {
  const delivered = [...state.delivered];
  const late: [number, number] = [...state.late[request.epoch]!];
  let broken: string | undefined;
  const owner = state.owner === request.relay && state.epoch === request.epoch;
  for (const event of taken) {
    const key = keyOf(event);
    const others = EVENTS.flatMap((_, other) => (keyOf(other) === key ? [other] : []));
    const first = delivered[event] === undefined;
    if (!first && delivered[event] !== request.relay && !owner) late[KEYS.indexOf(key)]! += 1;
    const ahead = others.find((other) => other < event && delivered[other] === undefined);
    if (first && ahead !== undefined)
      broken ??= `inverted: ${EVENTS[event]} is in the stream before ${EVENTS[ahead]}`;
    delivered[event] ??= request.relay;
  }
  const name = NAMES[request.relay];
  // One for the hand-over that took the bucket from it; none from one that never had it.
  const allowed = Number(request.epoch > 0);
  const worst = KEYS.findIndex((_, index) => late[index]! > allowed);
  if (worst >= 0)
    broken ??= `late records of key ${KEYS[worst]} from ${name} of epoch ${request.epoch}: ${late[worst]}, allowed: ${allowed}`;
  return {
    label: `the stream takes ${list(taken)} from ${name}`,
    next: { ...state, delivered, late: state.late.with(request.epoch, late) },
    broken,
  };
}

/** What the relay knows after it: these events count as acknowledged, the others stay the first of their keys. */
function answer(
  arrived: Step<State>,
  { relay, epoch }: Request,
  known: readonly number[],
  how: string,
): Step<State> {
  const me = arrived.next.relays[relay]!;
  // What is not in memory any more was given up with the bucket.
  const held = me.epoch === epoch ? known.filter((event) => me.window.includes(event)) : [];
  const next = withRelay(arrived.next, relay, {
    window: me.window.filter((event) => !held.includes(event)),
    acknowledged: [...me.acknowledged, ...held].toSorted(),
  });
  return { ...arrived, label: arrived.label + how, next };
}

function withRelay(state: State, relay: number, changed: Partial<Relay>): State {
  const relays = state.relays.with(relay, { ...state.relays[relay]!, ...changed });
  return { ...state, relays: relays as unknown as State['relays'] };
}

function subsets(events: readonly number[]): number[][] {
  return Array.from({ length: 2 ** events.length }, (_, bits) =>
    events.filter((__, place) => (bits >> place) % 2 === 1),
  );
}

const list = (events: readonly number[]) =>
  events.length === 0 ? 'nothing' : events.map((event) => EVENTS[event]).join(' and ');
