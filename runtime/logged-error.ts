import { pino } from 'pino';

/**
 * What a log line keeps of an error beside its kind, message and stack. Drivers put the whole statement with its values
 * on it (`sql`, `parameters`, `bindings`), ORMs the row: none of it belongs into a log.
 */
const KEPT = [
  ...['code', 'errno', 'sqlState', 'fatal', 'syscall', 'address', 'port', 'hostname', 'path', 'reason'],
  ...['statusCode', '$fault', '$metadata', '$retryable'],
];

/** Where a message of MySQL or MariaDB quotes a value, or the statement: errors 1062, 1292, 1366, 1690 and 1064. */
const QUOTED: readonly (readonly [RegExp, string])[] = [
  [/(Duplicate entry )'[^]*?'(?= for key )/g, "$1'…'"],
  [/(incorrect [\w ]{1,40} value: )'[^]*?'(?= for |$)/gim, "$1'…'"],
  [/(value is out of range in )'[^]*?'(?=$)/gm, "$1'…'"],
  [/(to use near )'[^]*?'(?= at line \d)/g, "$1'…'"],
];

/** A text of an error without the values that the database quotes in it. */
export function withoutValues(text: string): string {
  return QUOTED.reduce((found, [pattern, shown]) => found.replaceAll(pattern, shown), text);
}

/** An error as a log line shows it: without the data that was being written when it happened. Anything else as it is. */
export function loggedError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { type, message, stack, aggregateErrors } = pino.stdSerializers.err(error);
  const fields = error as unknown as Readonly<Record<string, unknown>>;
  return {
    type,
    message: withoutValues(message),
    stack: withoutValues(stack),
    ...(aggregateErrors && { aggregateErrors: (error as AggregateError).errors.map(loggedError) }),
    ...Object.fromEntries(KEPT.flatMap((name) => (fields[name] === undefined ? [] : [[name, fields[name]]]))),
  };
}
