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

/** What only the operator knows; the rest can be assumed and changed in the file. In the order of the questions. */
export const NEEDED = ['monolith', 'route'] as const;
export type Needed = (typeof NEEDED)[number];

const ALL = Object.keys(FLAGS) as (keyof Answers)[];

/** All answers: a context called after its route, and a service that may not run yet, unless they are given. */
export function complete(given: Pick<Answers, Needed> & Partial<Answers>): Answers {
  return { context: guessContext(given.route), service: SAMPLE.service, ...given };
}

/** Why one answer can't stand in `banyan.yaml`, by the validator of the configuration itself; undefined if it can. */
export function mistakeOf(name: keyof Answers, value: string): string | undefined {
  // The other answers are known to be good, so whatever is wrong is this one's fault.
  const parsed = parseConfig(writeYaml({ ...SAMPLE, [name]: value }), () => undefined);
  return parsed.ok ? undefined : [...new Set(parsed.mistakes.map(({ message }) => message))].join('; ');
}

export function mistakesOf(answers: Partial<Answers>): string[] {
  return ALL.flatMap((name) => {
    const value = answers[name];
    const mistake = value === undefined ? undefined : mistakeOf(name, value);
    return mistake === undefined ? [] : [`${FLAGS[name].split(' ')[0]} '${value}': ${mistake}`];
  });
}

/** `inventory` of `GET /api/inventory/:sku`: what a context is most likely called; `first` when nothing fits. */
export function guessContext(route: string): string {
  const parts = route
    .replace(/^\S+\s+/, '')
    .toLowerCase()
    .split('/');
  return (
    parts.find((part) => !/^(api|v\d+)?$/.test(part) && mistakeOf('context', part) === undefined) ?? 'first'
  );
}
