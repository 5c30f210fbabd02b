import { readFileSync } from 'node:fs';
import { parseConfig, type Config, type Mistake } from '../contexts/index.ts';
import { UsageError } from './usage-error.ts';

/** Reads and checks `banyan.yaml`. Throws a UsageError that lists every mistake as `file:line:column path: message`. */
export function loadConfig(file: string, env?: NodeJS.ProcessEnv): Config {
  return readConfig(file, env).config;
}

/** The same, with what is allowed in it and seldom meant. */
export function readConfig(
  file: string,
  env: NodeJS.ProcessEnv = process.env,
): {
  readonly config: Config;
  readonly warnings: readonly Mistake[];
  /** The files whose content it takes in by `${file:…}`. */
  readonly files: readonly string[];
} {
  const files: string[] = [];
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new UsageError(
      `can't read ${file}: ${(cause as Error).message}\nWrite one with \`banyan init\`, or name another with --config.`,
    );
  }
  const parsed = parseConfig(text, (reference) => {
    if (!reference.startsWith('file:')) return env[reference];
    const named = reference.slice('file:'.length);
    files.push(named);
    try {
      return readFileSync(named, 'utf8').trim();
    } catch {
      return undefined;
    }
  });
  if (parsed.ok) return { ...parsed, files };
  const lines = parsed.mistakes.map(
    ({ line, column, path, message }) => `  ${file}:${line}:${column} ${path ? `${path}: ` : ''}${message}`,
  );
  throw new UsageError(
    `${file} has ${lines.length === 1 ? 'a mistake' : `${lines.length} mistakes`}:\n${lines.join('\n')}`,
  );
}
