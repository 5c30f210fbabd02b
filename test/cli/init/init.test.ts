import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { parseConfig } from '../../../contexts/index.ts';
import { guessContext, mistakesOf, missingOf, type Answers } from '../../../cli/init/answers.ts';
import { askMissing } from '../../../cli/init/ask-missing.ts';
import { writeYaml } from '../../../cli/init/write-yaml.ts';

const answers: Answers = {
  monolith: 'https://shop.example:8443',
  route: 'GET /api/v2/stock/:sku',
  context: 'stock',
  service: 'http://10.0.0.7:3001',
};

test('what is written is a valid configuration with these answers in it', () => {
  const parsed = parseConfig(writeYaml(answers), () => undefined);
  expect(parsed).toMatchObject({
    ok: true,
    config: {
      monolith: 'monolith',
      upstreams: { monolith: { url: answers.monolith }, 'stock-service': { url: answers.service } },
      contexts: {
        stock: {
          upstream: 'stock-service',
          routes: [{ match: answers.route }],
          reads: { stage: 'legacy' },
          writes: { stage: 'legacy' },
        },
      },
    },
  });
});

test('what it has in comments is valid too, once its marks are taken away', () => {
  const text = writeYaml(answers)
    .replace(/^# (outbox|stream|captures):/gm, '$1:')
    .replace(/^#   (database|name|region|catalogue):/gm, '  $1:')
    .replace(/^    # cohort:/m, '    cohort:')
    .replace(/^    #   - \{/gm, '      - {')
    .replace(/(    routes:\n.*\n)/, '');
  const withRoutes = text.replace(/(      - \{)/, '    routes:\n$1');
  expect(parseConfig(withRoutes, () => 'mysql://legacy/shop')).toMatchObject({ ok: true });
});

test('a name that YAML would take for something else stays a name', () => {
  for (const context of ['on', 'no', 'null', 'yes'])
    expect(parseConfig(writeYaml({ ...answers, context }), () => undefined)).toMatchObject({
      ok: true,
      config: { contexts: { [context]: {} } },
    });
});

test('each bad answer is named with what the validator requires', () => {
  const mistakes = mistakesOf({
    monolith: 'ftp://x',
    route: 'inventory',
    context: 'In Ventory',
    service: 'http://h/path',
  });
  expect(mistakes).toEqual([
    expect.stringMatching(/^--monolith 'ftp:\/\/x': .*http:\/\//),
    expect.stringMatching(/^--route 'inventory': .*a method and a path/),
    expect.stringMatching(/^--context 'In Ventory': .*lower-case/),
    expect.stringMatching(/^--service 'http:\/\/h\/path': .*without a path/),
  ]);
  expect(missingOf({ route: 'GET /' })).toEqual(['monolith', 'context', 'service']);
});

test('the context is guessed from the route', () => {
  expect(guessContext('GET /api/v1/inventory/:sku')).toBe('inventory');
  expect(guessContext('GET /:anything')).toBeUndefined();
});

test('it asks for what is not given, again after a bad answer, and takes an empty line for its suggestion', async () => {
  const input = new PassThrough();
  const output = new PassThrough({ encoding: 'utf8' });
  const asking = askMissing(input, output, { monolith: answers.monolith });
  input.end('inventory\nGET /inventory/:sku\n\nhttp://127.0.0.1:3001\n');
  expect(await asking).toEqual({
    monolith: answers.monolith,
    route: 'GET /inventory/:sku',
    context: 'inventory',
    service: 'http://127.0.0.1:3001',
  });
  const said = output.read() as string;
  expect(said).not.toContain("monolith's URL");
  expect(said).toContain("not possible: found 'inventory'; required: a method and a path");
  expect(said).toContain('its context [inventory]:');
});

test('an input that ends too early is an error, not a wait', async () => {
  const input = new PassThrough();
  input.end('http://127.0.0.1:3000\n');
  await expect(askMissing(input, new PassThrough(), {})).rejects.toThrow('the input ended before');
});
