import { parseConfig } from '../../contexts/index.ts';
import { writeYaml } from './write-yaml.ts';

/** What `banyan init` has to know. */
export interface Answers {
  readonly monolith: string;
  readonly route: string;
  readonly context: string;
  readonly service: string;
}

export const FLAGS: Readonly<Record<keyof Answers, string>> = {
  monolith: '--monolith <url>',
  route: "--route 'GET /path/:name'",
  context: '--context <name>',
  service: '--service <url>',
};

const SAMPLE: Answers = {
  monolith: 'http://127.0.0.1:3000',
  route: 'GET /inventory/:sku',
  context: 'inventory',
  service: 'http://127.0.0.1:3001',
};

/** The answers in the order of the questions. */
export const QUESTIONS = Object.keys(FLAGS) as (keyof Answers)[];

export function missingOf(answers: Partial<Answers>): (keyof Answers)[] {
  return QUESTIONS.filter((name) => answers[name] === undefined);
}

/** Why one answer can't stand in `banyan.yaml`, by the validator of the configuration itself; undefined if it can. */
export function mistakeOf(name: keyof Answers, value: string): string | undefined {
  // The other answers are known to be good, so whatever is wrong is this one's fault.
  const parsed = parseConfig(writeYaml({ ...SAMPLE, [name]: value }), () => undefined);
  return parsed.ok ? undefined : [...new Set(parsed.mistakes.map(({ message }) => message))].join('; ');
}

export function mistakesOf(answers: Partial<Answers>): string[] {
  return QUESTIONS.flatMap((name) => {
    const value = answers[name];
    const mistake = value === undefined ? undefined : mistakeOf(name, value);
    return mistake === undefined ? [] : [`${FLAGS[name].split(' ')[0]} '${value}': ${mistake}`];
  });
}

/** `inventory` of `GET /api/inventory/:sku`: what a context is most likely called; undefined when nothing fits. */
export function guessContext(route: string): string | undefined {
  return route
    .replace(/^\S+\s+/, '')
    .split('/')
    .find((part) => /^[a-z][a-z0-9-]*$/.test(part) && !/^(api|v\d+)$/.test(part));
}
