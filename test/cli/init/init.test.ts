import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { parseConfig } from '../../../contexts/index.ts';
import { complete, guessContext, mistakesOf, type Answers } from '../../../cli/init/answers.ts';
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
          cohort: { cookie: 'session' },
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
});

test('the context is guessed from the route', () => {
  expect(guessContext('GET /api/v1/inventory/:sku')).toBe('inventory');
  expect(guessContext('GET /Products/:id')).toBe('products');
  expect(guessContext('GET /:anything')).toBe('first');
  expect(guessContext('GET /constructor/:id')).toBe('first');
});

test('a context and a service are assumed unless they are given', () => {
  const { monolith, route, service } = answers;
  expect(complete({ monolith, route })).toEqual({
    ...{ monolith, route },
    ...{ context: 'stock', service: 'http://127.0.0.1:3001' },
  });
  expect(complete({ monolith, route, context: 'other', service })).toMatchObject({
    context: 'other',
    service,
  });
});

test('it asks for what is needed and not given, again after a bad answer, and takes an empty line for its suggestion', async () => {
  const input = new PassThrough();
  const output = new PassThrough({ encoding: 'utf8' });
  const asking = askMissing(input, output, {});
  input.end('\ninventory\nGET /inventory/:sku\n');
  expect(await asking).toEqual({ monolith: 'http://127.0.0.1:3000', route: 'GET /inventory/:sku' });
  const said = output.read() as string;
  expect(said).toContain("The monolith's URL [http://127.0.0.1:3000]: ");
  expect(said).toContain("not possible: found 'inventory'; required: a method and a path");
});

test('it asks nothing when all that is needed is given', async () => {
  const { monolith, route } = answers;
  expect(await askMissing(new PassThrough(), new PassThrough(), { monolith, route })).toEqual({
    monolith,
    route,
  });
});

test('an input that ends too early leaves the rest missing, and is no wait', async () => {
  const input = new PassThrough();
  input.end('http://127.0.0.1:3000\n');
  expect(await askMissing(input, new PassThrough(), {})).toEqual({ monolith: 'http://127.0.0.1:3000' });
});
