import { createInterface } from 'node:readline/promises';
import type { Readable, Writable } from 'node:stream';
import { mistakeOf, NEEDED, type Answers, type Needed } from './answers.ts';

const TEXTS: Readonly<Record<Needed, string>> = {
  monolith: "The monolith's URL",
  route: 'One route of the context that moves first, such as GET /inventory/:sku',
};

const SUGGESTIONS: Readonly<Partial<Record<Needed, string>>> = { monolith: 'http://127.0.0.1:3000' };

/**
 * Asks for each needed answer that isn't given, again until the validator accepts it. An empty line takes the
 * suggestion in brackets. What is still missing when the input ends stays missing.
 */
export async function askMissing(
  input: Readable,
  output: Writable,
  given: Partial<Answers>,
): Promise<Partial<Answers>> {
  const answers: Partial<Record<keyof Answers, string>> = { ...given };
  if (NEEDED.every((name) => answers[name] !== undefined)) return answers;
  const terminal = createInterface({ input, output });
  const lines = terminal[Symbol.asyncIterator]();
  try {
    for (const name of NEEDED) {
      const suggestion = SUGGESTIONS[name];
      while (answers[name] === undefined) {
        output.write(`${TEXTS[name]}${suggestion ? ` [${suggestion}]` : ''}: `);
        const { value, done } = (await lines.next()) as { value?: string; done?: boolean };
        if (done || value === undefined) {
          output.write('\n');
          return answers;
        }
        const answer = value.trim() || (suggestion ?? '');
        const mistake = mistakeOf(name, answer);
        if (mistake === undefined) answers[name] = answer;
        else output.write(`  not possible: ${mistake}\n`);
      }
    }
    return answers;
  } finally {
    terminal.close();
  }
}
