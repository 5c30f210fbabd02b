import { expect, test } from 'vitest';
import { needsRestart, parseConfig } from '../../contexts/index.ts';
import { configOf } from './sample.ts';

const HEAD = 'upstreams: { monolith: { url: http://a } }\n';
const gatewayOf = (text: string) => configOf(`${HEAD}gateway: ${text}\n`).gateway;

function mistakes(gateway: string): string[] {
  const parsed = parseConfig(`${HEAD}gateway:\n${gateway}\n`, () => undefined);
  return parsed.ok
    ? []
    : parsed.mistakes.map(({ line, column, path, message }) => `${line}:${column} ${path}: ${message}`);
}

test('off unless asked for; `true` is everything at its default', () => {
  expect(gatewayOf('{}')).toMatchObject({ serverTiming: 'fallback', answerFields: false });
  expect(gatewayOf('{}').accessLog).toBe(undefined);
  expect(gatewayOf('{}').tracing).toBe(undefined);
  expect(gatewayOf('{ accessLog: true, tracing: true, serverTiming: true }')).toMatchObject({
    accessLog: { sample: 1, slow: 1_000, query: false, client: 'address', exclude: [] },
    tracing: { sample: 1, from: 'anybody', xray: false, service: 'banyan-gateway' },
    serverTiming: 'fallback',
  });
  expect(gatewayOf('{ serverTiming: false }').serverTiming).toBe(false);
  expect(gatewayOf('{ tracing: { exporter: http://c/v1/traces } }').tracing!.exporter).toEqual({
    url: 'http://c/v1/traces',
    headers: {},
  });
});

test('all mistakes at once, each in its place, and no secret in one', () => {
  const found = mistakes(`  accessLog: { sample: 2, exclude: [stauts], client: all }
  serverTiming: everything
  tracing: { from: trustedProxies, exporter: { url: 'ftp://user:secret@c', headers: { 'a b': token } } }`);
  expect(found).toEqual([
    expect.stringMatching(/^3:16 gateway\.accessLog\.sample: found 2; required: at most 1$/),
    expect.stringMatching(
      /^3:\d+ gateway\.accessLog\.exclude\.0: found 'stauts'; required: one of host, path, /,
    ),
    expect.stringMatching(
      /^3:\d+ gateway\.accessLog\.client: found 'all'; required: one of address, network, none$/,
    ),
    expect.stringMatching(
      /^4:3 gateway\.serverTiming: found 'everything'; required: true or false, or one of fallback, full$/,
    ),
    expect.stringMatching(/^5:14 gateway\.tracing\.from: 'trustedProxies' continues nobody's trace/),
    expect.stringMatching(/^5:\d+ gateway\.tracing\.exporter\.url: required: a URL that begins with http/),
    expect.stringMatching(/^5:\d+ gateway\.tracing\.exporter\.headers\..*a field's name$/),
  ]);
  expect(found.join('\n')).not.toMatch(/secret|token/);
});

test('all can be taken over while a gateway runs but where spans go', () => {
  const of = (text: string) => configOf(`${HEAD}gateway: ${text}\n`);
  const off = of('{}');
  const on = of('{ accessLog: true, tracing: true, serverTiming: full, answerFields: true }');
  expect(needsRestart(off, on)).toEqual([]);
  const exported = of('{ tracing: { exporter: http://c } }');
  expect(needsRestart(off, exported)).toEqual(['gateway.tracing.exporter', 'gateway.tracing.service']);
  expect(needsRestart(exported, of('{ tracing: { exporter: http://c, sample: 0.1 } }'))).toEqual([]);
});
