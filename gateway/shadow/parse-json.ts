import { decimalForm } from './decimal.ts';

const FORM = Symbol('decimal form');

/** A number that JavaScript's own would not show as it was written. */
export interface Decimal {
  readonly [FORM]: string;
}

/** A parsed document. Numbers are JavaScript's where that is exact, else decimals. */
export type Json =
  null | boolean | number | string | Decimal | readonly Json[] | { readonly [name: string]: Json };

/**
 * Parses JSON without losing a digit. Throws a SyntaxError for what is no JSON, and a RangeError for what is
 * nested deeper than the stack.
 */
export function parseJson(text: string): Json {
  return JSON.parse(text, keepNumber) as Json;
}

function keepNumber(_name: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== 'number' || context?.source === undefined || String(value) === context.source)
    return value;
  return { [FORM]: decimalForm(context.source) } satisfies Decimal;
}

/** The normal form of a number of either kind; undefined for everything else. */
export function formOf(value: unknown): string | undefined {
  if (typeof value === 'number') return decimalForm(String(value));
  return value !== null && typeof value === 'object' ? (value as Partial<Decimal>)[FORM] : undefined;
}
