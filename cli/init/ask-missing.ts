import { createInterface } from 'node:readline/promises';
import type { Readable, Writable } from 'node:stream';
import { guessContext, mistakeOf, QUESTIONS, type Answers } from './answers.ts';

const TEXTS: Readonly<Record<keyof Answers, string>> = {
  monolith: "The monolith's URL",
  route: 'One route of the context that moves first, such as GET /inventory/:sku',
  context: 'The name of its context',
  service: "The extracted service's URL (it need not run yet)",
};

/**
 * Asks for each answer that isn't given, again until the validator accepts it. An empty line takes the suggestion
 * in brackets. Rejects when the input ends before all is answered.
 */
export async function askMissing(
  input: Readable,
  output: Writable,
  given: Partial<Answers>,
): Promise<Answers> {
  const terminal = createInterface({ input, output });
  const lines = terminal[Symbol.asyncIterator]();
  const answers: Partial<Record<keyof Answers, string>> = { ...given };
  try {
    for (const name of QUESTIONS) {
      const suggestion = suggest(name, answers);
      while (answers[name] === undefined) {
        output.write(`${TEXTS[name]}${suggestion ? ` [${suggestion}]` : ''}: `);
        const { value, done } = (await lines.next()) as { value?: string; done?: boolean };
        if (done || value === undefined)
          throw new Error('the input ended before every question was answered');
        const answer = value.trim() || (suggestion ?? '');
        const mistake = mistakeOf(name, answer);
        if (mistake === undefined) answers[name] = answer;
        else output.write(`  not possible: ${mistake}\n`);
      }
    }
    return answers as Answers;
  } finally {
    terminal.close();
  }
}

function suggest(name: keyof Answers, answers: Partial<Answers>): string | undefined {
  if (name === 'monolith') return 'http://127.0.0.1:3000';
  if (name === 'context' && answers.route !== undefined) return guessContext(answers.route);
  return undefined;
}
