import { meets, type Asked } from './conditions.ts';
import type { CompiledRoute, RouteTree, Spelling } from './route-tree.ts';

/**
 * A tree of routes as numbers in a few arrays. Among thousands of routes the time of a decision goes into memory that
 * isn't at hand: so a node is half a line of the processor's cache, its children stand behind it, and what is compared
 * stands together.
 */
export interface FlatTree {
  readonly nodes: Int32Array;
  /** Hash tables of the nodes with several literals: a child, or -1. */
  readonly slots: Int32Array;
  /** The characters of all literals, equal ones once. */
  readonly texts: Uint16Array;
  readonly entries: Int32Array;
  /** What entries name by number, shared by all trees of a table. */
  readonly routes: readonly CompiledRoute[];
  readonly methods: readonly string[];
}

// A node's eight numbers, -1 for what it has none of.
/** One bit for each character that a literal begins with (its code modulo 32); for the empty literal, that of NUL. */
const INITIALS = 0;
/** The only literal's node; or, where there are several, where their table begins. */
const NEXT = 1;
/** The table's size less one; 0 where there is none. */
const MASK = 2;
const NAME = 3;
/** The first entry of the routes that end here, and of those that end in `*` here. */
const ENDS = 4;
const REST = 5;
/** The literal that leads here: where it begins among the texts, and its length. */
const TEXT = 6;
const LENGTH = 7;

// An entry's four numbers.
const ENTRY = 4;
/** The place of its method among the methods, and of its route among all. */
const METHOD = 0;
const ROUTE = 1;
/** The entry of the same path that is less specific. */
const FOLLOWING = 2;
/** 1 where the route asks for more than method, host and path. */
const CONDITIONS = 3;

const SLASH = 47;
const ANY = 0;
const GET = 1;

/** The methods of routes by their numbers in every tree of a table. */
export function methodsOf(routes: readonly CompiledRoute[]): readonly string[] {
  return [...new Set(['*', 'GET', ...routes.map(({ method }) => method)])];
}

/** A tree as numbers. `routes` are all of the table, `methods` theirs. */
export function flatten(
  root: RouteTree,
  routes: readonly CompiledRoute[],
  methods: readonly string[],
): FlatTree {
  const nodes: number[] = [];
  const slots: number[] = [];
  const texts: number[] = [];
  const entries: number[] = [];
  const known = new Map<string, number>();

  const textAt = (text: string): number => {
    let at = known.get(text);
    if (at === undefined) {
      known.set(text, (at = texts.length));
      for (let index = 0; index < text.length; index += 1) texts.push(text.charCodeAt(index));
    }
    return at;
  };
  const entriesOf = (own: readonly CompiledRoute[]): number => {
    const first = entries.length;
    for (const [index, { method, index: route, conditions }] of own.entries()) {
      const next = index === own.length - 1 ? -1 : entries.length + ENTRY;
      entries.push(methods.indexOf(method), route, next, conditions === undefined ? 0 : 1);
    }
    return own.length === 0 ? -1 : first;
  };
  const place = (tree: RouteTree, text: string): number => {
    const at = nodes.length;
    nodes.push(0, -1, 0, -1, -1, -1, textAt(text), text.length);
    nodes[at + ENDS] = entriesOf(tree.ends);
    nodes[at + REST] = entriesOf(tree.rest);
    if (tree.name) nodes[at + NAME] = place(tree.name, '');
    const children = [...tree.literals].map(([literal, child]) => [literal, place(child, literal)] as const);
    for (const [literal] of children)
      nodes[at + INITIALS]! |= literal === '' ? 1 : 1 << literal.charCodeAt(0);
    if (children.length === 1) nodes[at + NEXT] = children[0]![1];
    if (children.length < 2) return at;
    const size = 4 << Math.floor(Math.log2(children.length));
    const table = Array.from({ length: size }, () => -1);
    for (const [literal, child] of children) {
      let slot = hashOf(literal, 0, literal.length) & (size - 1);
      while (table[slot] !== -1) slot = (slot + 1) & (size - 1);
      table[slot] = child;
    }
    nodes[at + NEXT] = slots.length;
    nodes[at + MASK] = size - 1;
    slots.push(...table);
    return at;
  };

  place(root, '');
  return {
    nodes: Int32Array.from(nodes),
    slots: Int32Array.from(slots),
    texts: Uint16Array.from(texts),
    entries: Int32Array.from(entries),
    routes,
    methods,
  };
}

/** Texts that differ in their last characters alone must not fall beside each other: what is far apart is found at once. */
function hashOf(text: string, at: number, end: number): number {
  let hash = 0;
  for (let index = at; index < end; index += 1) hash = (Math.imul(hash, 31) + text.charCodeAt(index)) | 0;
  return Math.imul(hash, 0x9e3779b1) >>> 8;
}

/**
 * The place among all routes of the one that wins in this tree, or -1: segment by segment from the left a literal before
 * `:name` before `*`. `at` is where the segment begins, `length` where the path ends; `spelling` is none for a path in
 * which nothing is to be decoded.
 */
export function findInTree(
  tree: FlatTree,
  node: number,
  path: string,
  at: number,
  length: number,
  method: string,
  asked: Asked,
  spelling: Spelling | undefined,
): number {
  const { nodes } = tree;
  let end = at;
  while (end < length && path.charCodeAt(end) !== SLASH) end += 1;
  const literal =
    spelling === undefined
      ? literalAt(tree, node, path, at, end)
      : spelledAt(tree, node, spelling(path.slice(at, end)));
  if (literal >= 0) {
    const found =
      end === length
        ? firstOf(tree, nodes[literal + ENDS]!, method, asked)
        : findInTree(tree, literal, path, end + 1, length, method, asked, spelling);
    if (found >= 0) return found;
  }
  const name = nodes[node + NAME]!;
  if (name >= 0 && at !== end) {
    const found =
      end === length
        ? firstOf(tree, nodes[name + ENDS]!, method, asked)
        : findInTree(tree, name, path, end + 1, length, method, asked, spelling);
    if (found >= 0) return found;
  }
  return firstOf(tree, nodes[node + REST]!, method, asked);
}

const spelledAt = (tree: FlatTree, node: number, text: string) => literalAt(tree, node, text, 0, text.length);

/** The child whose literal stands there in the text. */
function literalAt(
  { nodes, slots, texts }: FlatTree,
  node: number,
  text: string,
  at: number,
  end: number,
): number {
  const initials = nodes[node + INITIALS]!;
  if (initials === 0 || (initials & (at === end ? 1 : 1 << text.charCodeAt(at))) === 0) return -1;
  const mask = nodes[node + MASK]!;
  const next = nodes[node + NEXT]!;
  if (mask === 0) return isAt(nodes, texts, next, text, at, end) ? next : -1;
  let slot = hashOf(text, at, end) & mask;
  for (;;) {
    const child = slots[next + slot]!;
    if (child < 0 || isAt(nodes, texts, child, text, at, end)) return child;
    slot = (slot + 1) & mask;
  }
}

function isAt(
  nodes: Int32Array,
  texts: Uint16Array,
  node: number,
  text: string,
  at: number,
  end: number,
): boolean {
  const length = nodes[node + LENGTH]!;
  if (length !== end - at) return false;
  const own = nodes[node + TEXT]!;
  for (let index = 0; index < length; index += 1)
    if (texts[own + index] !== text.charCodeAt(at + index)) return false;
  return true;
}

function firstOf(
  { entries, methods, routes }: FlatTree,
  first: number,
  method: string,
  asked: Asked,
): number {
  for (let entry = first; entry >= 0; entry = entries[entry + FOLLOWING]!) {
    const own = entries[entry + METHOD]!;
    if (own !== ANY && methods[own] !== method && !(own === GET && method === 'HEAD')) continue;
    const route = entries[entry + ROUTE]!;
    if (entries[entry + CONDITIONS] === 0 || meets(routes[route]!.conditions!, asked)) return route;
  }
  return -1;
}
