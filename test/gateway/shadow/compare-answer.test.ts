import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { answerRules } from '../../../gateway/shadow/answer-rules.ts';
import { compareAnswers, type CapturedAnswer } from '../../../gateway/shadow/compare-answer.ts';
import { planAnswers } from '../../../gateway/shadow/plan-answers.ts';
import { configOf, SHOP } from '../../contexts/sample.ts';

const rules = (shadow = '{}') =>
  answerRules(planAnswers(configOf(`${SHOP}    shadow: ${shadow}\n`).contexts['inventory']!.shadow));

interface Written {
  readonly status?: number;
  readonly type?: string;
  readonly fields?: readonly string[];
}

const answer = (
  body: string | Uint8Array,
  { status = 200, type = 'application/json', fields = [] }: Written = {},
): CapturedAnswer => ({
  status,
  fields: ['Content-Type', type, ...fields],
  body: typeof body === 'string' ? Buffer.from(body) : body,
});

/** Where the two answers differ. */
function places(one: string, other: string, shadow?: string): string[] | 'truncated' {
  const compared = compareAnswers(rules(shadow), answer(one), answer(other));
  return compared.kind === 'truncated' ? compared.kind : compared.differences.map(({ at }) => at);
}

const differences = (one: CapturedAnswer, other: CapturedAnswer, shadow?: string) => {
  const compared = compareAnswers(rules(shadow), one, other);
  return compared.kind === 'compared' ? compared.differences : compared.kind;
};

describe('JSON', () => {
  test.each([
    ['{"a":1,"b":2}', '{ "b": 2, "a": 1 }'],
    ['1.0', '1'],
    ['1e2', '100'],
    ['-0', '0'],
    ['0.10', '1e-1'],
    ['12345678901234567890', '12345678901234567890.00'],
    ['"\\u00e9"', '"é"'],
    ['{"a":[]}', '{"a":[ ]}'],
  ])('%s is %s', (one, other) => {
    expect(places(one, other)).toEqual([]);
  });

  test.each([
    ['12345678901234567890', '12345678901234567891', ['$']],
    ['0.1', '0.10000000000000001', ['$']],
    ['1', '"1"', ['$']],
    ['1e400', '1e401', ['$']],
    ['null', '{}', ['$']],
    ['{"a":null}', '{}', ['$.a']],
    ['{}', '{"a":1}', ['$.a']],
    ['[1,2]', '[2,1]', ['$[*]']],
    ['[1]', '[1,2]', ['$[*]']],
    ['{"a":{"b c":[{"d":1}]}}', '{"a":{"b c":[{"d":2}]}}', ["$.a['b c'][*].d"]],
    ['[]', '{}', ['$']],
    ['{"__proto__":1}', '{"__proto__":2}', ['$.__proto__']],
    ['{"toString":1}', '{}', ['$.toString']],
  ])('%s is not %s', (one, other, at) => {
    expect(places(one, other)).toEqual(at);
  });

  test('arrays are sets where a rule says so, and count how often something is there', () => {
    const sets = '{ sets: [$.tags, "$..parts[*].of"] }';
    expect(places('{"tags":[1,2,1.0]}', '{"tags":[2,1,1]}', sets)).toEqual([]);
    expect(places('{"tags":[1,1,2]}', '{"tags":[1,2,2]}', sets)).toEqual(['$.tags[*]']);
    expect(places('{"other":[1,2]}', '{"other":[2,1]}', sets)).toEqual(['$.other[*]']);
    expect(places('{"x":{"parts":[{"of":[1,2]}]}}', '{"x":{"parts":[{"of":[2,1]}]}}', sets)).toEqual([]);
  });

  test('in a set whose entries are objects, only what is in neither is taken apart', () => {
    const sets = '{ sets: [$] }';
    const one = '[{"id":1,"p":5},{"id":2,"p":6}]';
    const other = '[{"id":2,"p":6},{"id":1,"p":7}]';
    expect(differences(answer(one), answer(other), sets)).toEqual([
      { at: '$[*].p', monolith: '5', extracted: '7' },
    ]);
  });

  test('a place is ignored by its path, or by its name at any depth', () => {
    const ignore = '{ ignore: [$.a.b, "$.items[*].seen", ts] }';
    expect(places('{"a":{"b":1,"c":1}}', '{"a":{"b":2,"c":1}}', ignore)).toEqual([]);
    expect(places('{"a":{"b":1,"c":1}}', '{"a":{"c":2}}', ignore)).toEqual(['$.a.c']);
    expect(places('{"items":[{"seen":1},{}]}', '{"items":[{},{"seen":2}]}', ignore)).toEqual([]);
    expect(places('{"x":[{"ts":1}],"ts":1}', '{"x":[{}]}', ignore)).toEqual([]);
    expect(places('{"b":1}', '{"b":2}', ignore)).toEqual(['$.b']);
    expect(places('[1,2,3]', '[1,9,3]', "{ ignore: ['$[1]'] }")).toEqual([]);
    expect(places('[1,2,3]', '[1,9]', "{ ignore: ['$[1]'] }")).toEqual(['$[*]']);
  });

  test('timestamps, instants, UUIDs and rounding bring values into one form', () => {
    const [a, b] = ['2026-11-28T06:00:00Z', '2025-01-01 00:00:00.123'];
    const same = (one: unknown, other: unknown, normalise: string) =>
      places(JSON.stringify(one), JSON.stringify(other), `{ normalise: [${normalise}] }`).length === 0;
    expect(same(a, b, 'timestamps')).toBe(true);
    expect(same(a, 'yesterday', 'timestamps')).toBe(false);
    expect(same(a, b, 'instants')).toBe(false);
    expect(same(a, '2026-11-28T07:00:00.000+01:00', 'instants')).toBe(true);
    expect(same('2026-11-28 06:00:00.1234567890', a, 'instants')).toBe(false);
    expect(same('2026-11-28 06:00:00.123456', '2026-11-28T06:00:00.123457Z', 'instants')).toBe(false);
    const [one, other] = ['0b7c0a4e-1d5c-4c39-9a8e-0123456789ab', 'FFFFFFFF-1d5c-4c39-9a8e-0123456789ab'];
    expect(same(one, other, 'uuids')).toBe(true);
    expect(same(one, 'none', 'uuids')).toBe(false);
    expect(same({ p: 19.994999, q: '7.10' }, { p: 19.99, q: '7.1' }, '{ round: 2 }')).toBe(true);
    expect(same(1.005, 1.01, '{ round: 2 }')).toBe(true);
    expect(same(-0.004, 0, '{ round: 2 }')).toBe(true);
    expect(same(9.995, 10, '{ round: 2 }')).toBe(true);
    expect(same({ p: 1.001, q: 1.001 }, { p: 1, q: 1 }, '{ round: 2, at: $.p }')).toBe(false);
    expect(same({ q: 1, t: a }, { q: 1, t: b }, '{ kind: timestamps, at: $.t }')).toBe(true);
  });

  test('it is compared as bytes where it is none, or nested deeper than anybody could look at', () => {
    expect(places('{"a":1', '{"a":1')).toEqual([]);
    expect(places('{"a":1', '{"a":2')).toEqual(['body']);
    const deep = (inner: number) => `${'['.repeat(200_000)}${inner}${']'.repeat(200_000)}`;
    expect(places(deep(1), deep(2))).toEqual(['body']);
    const bad = (last: number) => Buffer.from([0x22, last, 0x22]);
    expect(differences(answer(bad(0xff)), answer(bad(0xfe)))).toMatchObject([{ at: 'body' }]);
  });
});

describe('an answer', () => {
  test('differs by its status, and nothing else is looked at then', () => {
    expect(differences(answer('1'), answer('2', { status: 404 }))).toEqual([
      { at: 'status', monolith: '200', extracted: '404' },
    ]);
  });

  test('differs by the chosen fields alone', () => {
    const to = (location: string) =>
      answer('', { status: 302, fields: ['Location', location, 'ETag', location] });
    expect(differences(to('/a'), to('/a'))).toEqual([]);
    expect(differences(to('/a'), to('/b?token=abc'))).toEqual([
      { at: 'field location', monolith: '/a', extracted: '/b?token=…' },
    ]);
    expect(differences(to('/a'), to('/b'), '{ fields: [] }')).toEqual([]);
    expect(differences(to('/a'), to('/b'), '{ fields: [etag] }')).toMatchObject([{ at: 'field etag' }]);
  });

  test('has the same type in any case, and JSON has no parameters', () => {
    const typed = (type: string) => answer('{}', { type });
    expect(differences(typed('application/json; charset=utf-8'), typed('Application/JSON'))).toEqual([]);
    expect(differences(typed('text/html;charset=UTF-8'), typed('text/html; charset="utf-8"'))).toEqual([]);
    expect(differences(typed('text/html; charset=utf-8'), typed('text/html'))).toMatchObject([
      { at: 'field content-type' },
    ]);
  });

  test('that is no JSON is compared byte by byte, but for timestamps and UUIDs that a rule names', () => {
    const page = (text: string) => answer(text, { type: 'text/html' });
    const normalise = '{ normalise: [timestamps] }';
    const [one, other] = [page('<p>2026-11-28T06:00:00Z</p>'), page('<p>2026-11-28T06:00:01Z</p>')];
    expect(differences(one, other)).toEqual([
      { at: 'body', monolith: '27 bytes', extracted: "27 bytes, other than the monolith's from byte 21" },
    ]);
    expect(differences(one, other, normalise)).toEqual([]);
    expect(differences(page('<p>a</p>'), page('<p>b</p>'), normalise)).toHaveLength(1);
  });

  test.each([
    ['gzip', gzipSync],
    ['br', brotliCompressSync],
    ['zstd', zstdCompressSync],
    ['deflate', deflateSync],
    ['deflate', deflateRawSync],
  ])('is decompressed first: %s', (coding, compress) => {
    const text = JSON.stringify({ many: Array.from({ length: 500 }, (_, index) => index) });
    const compressed = answer(compress(Buffer.from(text)), { fields: ['Content-Encoding', coding] });
    expect(differences(answer(text), compressed)).toEqual([]);
    expect(differences(answer(text.replace('499', '498')), compressed)).toMatchObject([{ at: '$.many[*]' }]);
  });

  test('is truncated where it is longer than the limit once it is decompressed', () => {
    const bomb = answer(gzipSync(Buffer.alloc(10_000, 'a')), { fields: ['Content-Encoding', 'gzip'] });
    expect(differences(bomb, bomb, '{ maxBody: 1KiB }')).toBe('truncated');
    expect(differences(bomb, bomb, '{ maxBody: 100KiB }')).toEqual([]);
  });

  test('whose coding is broken or unknown differs from one that can be read', () => {
    const broken = answer('no gzip', { fields: ['Content-Encoding', 'gzip'] });
    const foreign = answer('{}', { fields: ['Content-Encoding', 'dcb'] });
    expect(differences(answer('{}'), broken)).toMatchObject([{ at: 'body' }]);
    expect(differences(answer('{}'), foreign)).toMatchObject([{ at: 'body' }]);
    expect(differences(foreign, foreign)).toEqual([]);
  });
});

describe('an example', () => {
  const shownOf = (one: unknown, other: unknown, shadow?: string) =>
    JSON.stringify(differences(answer(JSON.stringify(one)), answer(JSON.stringify(other)), shadow));

  test('has neither secrets nor what is declared personal, however deep they are in it', () => {
    const one = {
      user: { email: 'ada@example.org', name: 'Ada', password: 'hunter2' },
      apiKey: 'sk-1',
      note: 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl',
      url: 'https://ada:pw-secret@shop.example/',
      list: [{ address: { street: 'Elm 1' } }],
    };
    const personal = '{ personal: [email, "$.list[*].address"] }';
    for (const other of [{}, { user: 1, list: [{ address: 2 }] }, { user: { email: 'x', password: 'y' } }]) {
      const shown = shownOf(one, other, personal);
      for (const secret of ['ada@', 'hunter2', 'sk-1', 'eyJ', 'pw-secret', 'Elm'])
        expect(shown, secret).not.toContain(secret);
      expect(shown).toContain('(removed)');
    }
    expect(shownOf(one, {}, personal)).toContain('Ada');
  });

  test.each<[string, unknown, unknown, unknown]>([
    [
      'a text where the other side has the object',
      { to: { name: 'Ada', id: 1 } },
      { to: 'Ada' },
      [{ at: '$.to', monolith: '{"name":(removed),"id":1}', extracted: '(removed)' }],
    ],
    [
      'a text on both sides',
      { to: 'Ada' },
      { to: 'Adam' },
      [{ at: '$.to', monolith: '(removed)', extracted: '(removed)' }],
    ],
    [
      'a list where the other side has the object',
      { to: { id: 1 } },
      { to: ['Ada'] },
      [{ at: '$.to', monolith: '{"id":1}', extracted: '(removed)' }],
    ],
    [
      'lists on both sides',
      { to: ['Ada'] },
      { to: ['Adam'] },
      [{ at: '$.to[*]', place: '$.to[0]', monolith: '(removed)', extracted: '(removed)' }],
    ],
    [
      'a text as the entry that an object is expected to be',
      { list: [{ mail: 'a@b.c' }] },
      { list: ['a@b.c'] },
      [{ at: '$.list[*]', place: '$.list[0]', monolith: '{"mail":(removed)}', extracted: '(removed)' }],
    ],
    [
      'an object in place of one entry',
      { first: [{ mail: 'a@b.c' }] },
      { first: { mail: 'a@b.c' } },
      [{ at: '$.first', monolith: '[{"mail":(removed)}]', extracted: '(removed)' }],
    ],
    ['nothing', { to: { id: 1 } }, { to: null }, [{ at: '$.to', monolith: '{"id":1}', extracted: 'null' }]],
  ])('hides what stands in the way of something personal: %s', (_what, one, other, found) => {
    const personal = '{ personal: ["$.to.name", "$.list[*].mail", "$.first[0].mail"] }';
    expect(differences(answer(JSON.stringify(one)), answer(JSON.stringify(other)), personal)).toEqual(found);
  });

  test('shows values as they are, cut where they are long', () => {
    expect(shownOf({ p: 19.99, n: 1 }, { p: 1e3 })).toBe(
      '[{"at":"$.p","monolith":"19.99","extracted":"1000"},{"at":"$.n","monolith":"1"}]',
    );
    expect(shownOf('x'.repeat(10_000), 1).length).toBeLessThan(300);
  });

  test('a document that differs everywhere has a bounded number of places', () => {
    const many = Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`m${index}`, index]));
    const found = differences(answer(JSON.stringify(many)), answer('{}'));
    expect(found).toHaveLength(201);
    expect(found.at(-1)).toEqual({ at: '…' });
  });
});
